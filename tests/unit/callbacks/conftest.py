"""Tiny trainings in this process."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightning import Callback, Trainer, seed_everything
from PIL import Image

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Paired
from gan_zoo.models.pix2pix import Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.unet import UNet

Fit = Callable[..., tuple[Trainer, Pix2Pix]]


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Glued pairs of 36 px: 6 to train, 2 to validate."""
    root, noise = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 2)):
        (root / split).mkdir()
        for i in range(count):
            Image.fromarray(noise.integers(0, 256, (36, 72, 3), dtype=np.uint8)).save(root / split / f"{i}.png")
    return root


def tiny_model(**kwargs: Any) -> Pix2Pix:
    return Pix2Pix(
        generator=partial(UNet, n_downs=5, ngf=2), discriminator=partial(PatchGAN, n_layers=1, ndf=2), **kwargs
    )


def tiny_data(root: Path) -> ImageDataModule:
    return ImageDataModule("tiny", root, Paired(), load_size=36, crop_size=32, num_workers=0)


@pytest.fixture
def fit(tmp_path: Path, pairs: Path) -> Fit:
    """``fit(callbacks, **trainer options)`` trains on the pairs in ``tmp_path``."""

    def run(callbacks: list[Callback], **options: Any) -> tuple[Trainer, Pix2Pix]:
        seed_everything(0, verbose=False)
        model, ckpt_path = options.pop("model", None) or tiny_model(), options.pop("ckpt_path", None)
        quiet = {"enable_model_summary": False, "enable_progress_bar": False, "logger": False, "max_epochs": 2}
        has_own = any(type(callback).__name__ == "Checkpoint" for callback in callbacks)
        options = {"accelerator": "cpu", "log_every_n_steps": 2, "enable_checkpointing": has_own, **quiet, **options}
        if any(type(callback).__name__ == "ProgressBar" for callback in callbacks):
            options.pop("enable_progress_bar")
        trainer = Trainer(callbacks=callbacks, default_root_dir=tmp_path, **options)
        trainer.fit(model, datamodule=tiny_data(pairs), ckpt_path=ckpt_path)
        return trainer, model

    return run
