"""Small pictures on disk, and the reader of golden cases."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image


def load_recipe(golden: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden_recipe", golden / "recipe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def photo(path: Path, width: int = 12, height: int = 12, seed: int | None = None, mode: str = "RGB") -> Path:
    """A picture whose pixels depend on its name (or the seed): no two are equal by accident."""
    rng = np.random.default_rng(seed if seed is not None else sum(map(ord, str(path))) * 31 + len(str(path)))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode).save(path)
    return path


@pytest.fixture
def write_photo() -> Callable[..., Path]:
    return photo


@pytest.fixture
def glued(tmp_path: Path) -> Path:
    for split, count in (("train", 5), ("val", 2)):
        for i in range(count):
            photo(tmp_path / "glued" / split / f"{i}.png", 24, 12, seed=100 * count + i)
    return tmp_path / "glued"


@pytest.fixture
def unpaired(tmp_path: Path) -> Path:
    for folder, count in (("trainA", 5), ("trainB", 3), ("testA", 2), ("testB", 3)):
        for i in range(count):
            photo(
                tmp_path / "unpaired" / folder / f"{folder}{i}.png",
                seed=1000 * len(folder) + 10 * count + i + ord(folder[-1]),
            )
    return tmp_path / "unpaired"
