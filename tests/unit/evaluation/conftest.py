"""Small models and data to measure."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Paired, Unpaired
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.munit import MUNIT
from gan_zoo.models.stylegan import StyleGAN
from gan_zoo.networks import progan, stylegan
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import StridedPatch, StyleAutoEncoder
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet


def draw(path: Path, seed: int, side: int = 32, width: int | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width or side, side)).save(path)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``two``: 7 pictures of A, 5 of B; ``pairs``: 6 pairs; ``alone``: 9 pictures; all of 32 px."""
    root = tmp_path_factory.mktemp("measured")
    for domain, count in (("trainA", 2), ("trainB", 2), ("testA", 7), ("testB", 5)):
        for i in range(count):
            draw(root / "two" / domain / f"{i}.png", 100 * len(domain) + ord(domain[-1]) + i)
    for split in ("train", "test"):
        for i in range(6):
            draw(root / "pairs" / split / f"{i}.png", i + len(split), width=64)
    for i in range(9):
        draw(root / "alone" / f"{i}.png", i)
    return root


def module(root: Path, kind: Any) -> ImageDataModule:
    return ImageDataModule(root.name, root, kind, load_size=32, crop_size=32, num_workers=0)


@pytest.fixture
def two(folders: Path) -> ImageDataModule:
    return module(folders / "two", Unpaired())


@pytest.fixture
def pairs(folders: Path) -> ImageDataModule:
    return module(folders / "pairs", Paired())


@pytest.fixture
def alone(folders: Path) -> PictureModule:
    return PictureModule("alone", folders / "alone", 32, num_workers=0)


@pytest.fixture
def cyclegan() -> CycleGAN:
    torch.manual_seed(0)
    model: CycleGAN = CycleGAN(partial(ResNet, n_blocks=1, ngf=4), partial(PatchGAN, n_layers=1, ndf=2)).eval()
    return model


@pytest.fixture
def munit() -> MUNIT:
    torch.manual_seed(0)
    coder = partial(StyleAutoEncoder, ngf=4, n_downs=1, n_blocks=1, style_dim=2, mlp_dim=4)
    model: MUNIT = MUNIT(coder, partial(MultiScale, n_scales=1, ndf=2, each=StridedPatch)).eval()
    return model


@pytest.fixture
def generator() -> StyleGAN:
    """Grown to 32 px."""
    torch.manual_seed(0)
    made = partial(stylegan.Generator, latent_dim=4, style_dim=4, hidden=4, mapping_layers=2, most=4)
    model: StyleGAN = StyleGAN(made, partial(progan.Discriminator, most=4, blurred=True), resolution=32).eval()
    model.images_seen = 10**9
    return model
