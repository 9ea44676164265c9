"""Small pictures, and the zoo's command line in a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_zoo.cli import main

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["debug=tiny", "model.generator.n_downs=5", "data.load_size=36", "data.crop_size=32", "trainer.max_steps=2"]

Run = Callable[..., subprocess.CompletedProcess[str]]


def draw(path: Path, width: int, height: int, seed: int) -> None:
    """A picture of soft colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height)).save(path)


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs in a folder of its own, without anything left of another test's ranks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GAN_ZOO_TRACEBACK", raising=False)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Four glued pairs for training, two for testing, 40 px each half."""
    for split, count in (("train", 4), ("test", 2)):
        for number in range(count):
            draw(tmp_path / "pairs" / split / f"{number}.png", 80, 40, number + 10 * len(split))
    return tmp_path / "pairs"


@pytest.fixture
def domains(tmp_path: Path) -> Path:
    """Three and four unpaired pictures of 40 px."""
    for domain, count in (("trainA", 3), ("trainB", 4), ("testA", 1), ("testB", 1)):
        for number in range(count):
            draw(tmp_path / "domains" / domain / f"{number}.png", 40, 40, number + len(domain))
    return tmp_path / "domains"


@pytest.fixture
def small(pairs: Path) -> list[str]:
    """A pix2pix training of two iterations on the pairs."""
    return ["model=pix2pix", "data=paired", f"data.root={pairs}", *SMALL]


@pytest.fixture
def spawn() -> Run:
    """A command line in a process of its own."""

    def run(*words: str, timeout: float = 240, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "CUDA_VISIBLE_DEVICES": "", **variables}
        command = [sys.executable, "-m", "gan_zoo.cli", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)

    return run


@pytest.fixture
def trained(small: list[str], tmp_path: Path) -> Path:
    """The last checkpoint of a small run in ``tmp_path / "run"``."""
    assert main(["train", *small, f"hydra.run.dir={tmp_path / 'run'}"]) == 0
    return tmp_path / "run" / "checkpoints" / "last.ckpt"


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Label maps of 5 classes (64x32 px), instances of classes 3 and 4, photos: four for training, two for testing."""
    for split, count in (("train", 4), ("test", 2)):
        for number in range(count):
            rng = np.random.default_rng(number + 10 * len(split))
            label = rng.integers(0, 5, (2, 4), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
            label[0, 0], label[-1, -1] = 2, 3
            numbers = np.arange(8, dtype=np.uint16).reshape(2, 4).repeat(16, axis=0).repeat(16, axis=1)
            instance = np.where(label >= 3, label.astype(np.uint16) * 1000 + numbers, label)
            for part, content in (("label", label), ("inst", instance)):
                folder = tmp_path / "scenes" / f"{split}_{part}"
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(content).save(folder / f"{number}.png")
            draw(tmp_path / "scenes" / f"{split}_img" / f"{number}.png", 64, 32, number)
    (tmp_path / "scenes" / "labels.txt").write_text("sky\nroad\ntree\nbuilding\ncar\n")
    return tmp_path / "scenes"


@pytest.fixture
def painter(scenes: Path, tmp_path: Path) -> Path:
    """The last checkpoint of a small model of label maps with an encoder of features."""
    small = [
        "model.generator.n_downs=2",
        "model.generator.n_blocks=1",
        "model.encoder.n_downs=2",
        "model.encoder.nef=4",
    ]
    data = ["data=labelmaps", f"data.root={scenes}", "data.labels=5", "data.load_size=64", "data.multiple=4"]
    quick = [
        "debug=tiny",
        "trainer.max_steps=1",
        "callbacks.grids=null",
        "callbacks.gallery=null",
        "model.lambda_vgg=0",
    ]
    words = ["model=pix2pixhd", "model/features=instance", *data, *small, *quick, "trainer.limit_val_batches=0"]
    assert main(["train", *words, f"hydra.run.dir={tmp_path / 'painter'}"]) == 0
    return tmp_path / "painter" / "checkpoints" / "last.ckpt"
