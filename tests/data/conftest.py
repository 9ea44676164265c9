"""Small pictures on disk, and the reader of golden cases."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from gan_zoo.data.kinds.base import Kind
from gan_zoo.data.loader import Failure
from gan_zoo.data.samples import Album, Images, Shot

RGB = {"a": 3, "b": 3}


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


def build(
    kind: Kind, root: Path, shot: Shot, channels: Mapping[str, int] = RGB, split: str = "train", skip: bool = False
) -> Images:
    return kind.build(kind.layout(root).splits[split], shot, channels, Album(), skip)


def good(sample: dict[str, torch.Tensor] | Failure) -> dict[str, torch.Tensor]:
    assert not isinstance(sample, Failure), sample.message
    return sample


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


def id_map(path: Path, ids: npt.NDArray[np.integer[Any]]) -> Path:
    """A map of ids: 8-bit for bytes, 16-bit PNG for uint16, 32-bit TIFF for int32."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(ids).save(path)
    return path


def label_set(root: Path, counts: Mapping[str, int], width: int = 16, height: int = 8, labels: int = 6) -> Path:
    """pix2pixHD's folders: in sample i class i is everywhere but in a corner of three others; 16-bit instances."""
    for split, count in counts.items():
        for i in range(count):
            ids = np.full((height, width), i % labels, dtype=np.uint8)
            ids[:3, :5] = [[(i + 1 + x % 3) % labels for x in range(5)]]
            id_map(root / f"{split}_label" / f"{i}.png", ids)
            id_map(root / f"{split}_inst" / f"{i}.png", (ids.astype(np.uint16) * 1000 + 33000 + i).astype(np.uint16))
            photo(root / f"{split}_img" / f"{i}.jpg", width, height, seed=i + len(split))
    return root


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    return label_set(tmp_path / "labelled", {"train": 4, "test": 2})
