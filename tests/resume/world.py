"""Tiny trainings in processes of their own, that can be killed and resumed; started quickly, from a warm process."""

import multiprocessing
import os
import signal
import socket
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import RichProgressBar  # noqa: F401 - loads what a trainer needs into the warm process
from lightning.pytorch.loggers import CSVLogger
from PIL import Image

from gan_zoo.callbacks.announce import Announce
from gan_zoo.callbacks.checkpoint import Checkpoint
from gan_zoo.callbacks.gallery import Gallery
from gan_zoo.callbacks.grids import ImageGrids
from gan_zoo.callbacks.progress import ProgressBar
from gan_zoo.callbacks.throughput import Throughput
from gan_zoo.callbacks.tick import Tick
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Paired
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.data.transforms import ResizeAndCrop
from gan_zoo.models.bicyclegan import BicycleGAN
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.munit import MUNIT
from gan_zoo.models.pix2pix import Pix2Pix
from gan_zoo.models.progan import ProGAN
from gan_zoo.models.stylegan import StyleGAN
from gan_zoo.models.ugatit import UGATIT
from gan_zoo.networks import progan, stylegan
from gan_zoo.networks.latent_encoder import ConvEncoder
from gan_zoo.networks.latent_unet import LatentUNet
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import StridedPatch, StyleAutoEncoder
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.ugatit import Discriminator, Generator
from gan_zoo.networks.unet import UNet
from gan_zoo.training.growth import Growth
from gan_zoo.training.schedules import Halving, LinearSecondHalf
from tests.labelled import COARSE_TO_FINE

MODELS = {
    "pix2pix": partial(
        Pix2Pix,
        generator=partial(UNet, n_downs=6, ngf=2),
        discriminator=partial(PatchGAN, n_layers=2, ndf=4),
    ),
    "cyclegan": partial(
        CycleGAN,
        generator=partial(ResNet, n_blocks=1, ngf=4),
        discriminator=partial(PatchGAN, n_layers=2, ndf=4),
        pool_size=3,
    ),
    "bicyclegan": partial(
        BicycleGAN,
        generator=partial(LatentUNet, n_downs=6, ngf=2, dropout=True),
        encoder=partial(ConvEncoder, n_layers=3, nef=2),
        discriminator=partial(MultiScale, narrowing=2, ndf=4, each=partial(PatchGAN, n_layers=1)),
        nz=2,
    ),
    "munit": partial(
        MUNIT,
        generator=partial(StyleAutoEncoder, style_dim=2, ngf=2, mlp_dim=4, n_downs=1, n_blocks=1),
        discriminator=partial(MultiScale, n_scales=1, ndf=2, each=partial(StridedPatch, n_layers=2)),
        schedule=Halving(every=4),
    ),
    "ugatit": partial(
        UGATIT,
        partial(Generator, ngf=1, n_blocks=1, light=True),
        partial(Discriminator, ndf=1),
        scopes={"global": 5, "local": 3},
        ema_decay=0.9,
        schedule=LinearSecondHalf(17),
    ),
    "pix2pixhd": partial(COARSE_TO_FINE, pool_size=3),
}
# 4 px for 6 iterations (the clock is looked at every other one), a fade to 8 px for 10, then 8 px.
GROWTH = partial(Growth, resolution=16, train_kimg=0.02, fade_kimg=0.024, batch=2, batches={4: 4}, every=2)
GROWING = {
    "progan": partial(ProGAN, partial(progan.Generator, most=4), partial(progan.Discriminator, most=4), resolution=16),
    "stylegan": partial(
        StyleGAN,
        partial(stylegan.Generator, latent_dim=4, style_dim=4, hidden=4, mapping_layers=2, most=4),
        partial(progan.Discriminator, most=4, blurred=True),
        resolution=16,
    ),
}
MODELS |= {name: lambda made=made: made(schedule=GROWTH()) for name, made in GROWING.items()}  # type: ignore[misc]


def stumbling() -> Any:
    """A StyleGAN with lazy R1 and NaN in the noise of some of its generator's updates, which it leaves out."""
    model = GROWING["stylegan"](schedule=GROWTH(), r1_interval=3)
    draw = model.draw

    def drawn(name: str, shape: tuple[int, ...]) -> torch.Tensor:
        bad = name == "generator_noise_1" and model.global_step in (3, 4, 5, 7, 8, 16, 17)
        noise: torch.Tensor = draw(name, shape)
        return noise * float("nan") if bad else noise

    model.draw = drawn
    return model


GROWING["stylegan_stumbling"] = MODELS["stylegan_stumbling"] = stumbling
SPAWN = multiprocessing.get_context("forkserver")
SPAWN.set_forkserver_preload([__name__])


@dataclass
class Run:
    """One training: its folder, and what differs between tests."""

    folder: Path
    data: Path
    model: str = "pix2pix"
    every_n_images: int | None = 3
    workers: int = 0
    world: int = 1
    batch_size: int = 1
    trainer: dict[str, Any] = field(default_factory=dict)
    monitor: str | None = None
    kill_at: int | None = None  # iteration after which the process kills itself, as the system would
    term_at: int | None = None  # the same with SIGTERM
    resume: bool = False
    everything: bool = False  # with grids, page and all the other callbacks


class Sign(Callback):
    """Sends this process a signal in the middle of an iteration."""

    def __init__(self, number: signal.Signals, at: int) -> None:
        self.number, self.at = number, at

    def on_after_backward(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.global_step == self.at:
            os.kill(os.getpid(), self.number)


class Witness(Callback):
    """Writes down what each iteration was given, so that runs can be compared batch by batch."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: dict[str, torch.Tensor], batch_idx: int
    ) -> None:
        seen = (pl_module.images_seen, trainer.global_step, trainer.current_epoch, batch_idx)
        stepped = trainer.fit_loop.epoch_loop._batches_that_stepped
        with self.path.open("a") as file:
            print(*seen, stepped, *(float(batch[side].double().sum()) for side in sorted(batch)), file=file)


def pairs(run: Run) -> ImageDataModule:
    """Its data, for most models."""
    return ImageDataModule(
        name="tiny",
        root=run.data,
        dataset=Paired(),
        preprocess=ResizeAndCrop,
        load_size=68,
        crop_size=64,
        batch_size=run.batch_size,
        num_workers=run.workers,
    )


def pictures(run: Run) -> PictureModule:
    """Its data, for models that grow."""
    return PictureModule("tiny", run.data, 16, num_workers=run.workers)


def train(run: Run, rank: int = 0, port: int = 0) -> None:
    """Run it in this process."""
    torch.set_num_threads(1)
    if run.world > 1:
        os.environ |= {"LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": "0"}
    seed_everything(3, workers=True, verbose=False)
    data = (pictures if run.model in GROWING else pairs)(run)
    signs = [(signal.SIGKILL, run.kill_at), (signal.SIGTERM, run.term_at)]
    callbacks: list[Callback] = [Sign(number, at) for number, at in signs if at is not None]
    callbacks += [Tick(run.every_n_images), Witness(run.folder / f"witness{rank}.txt")]
    callbacks.append(Checkpoint(run.folder / "checkpoints", monitor=run.monitor))
    if run.everything:
        shown = [ImageGrids(run.folder / "samples", n_samples=1), Gallery(run.folder)]
        callbacks += [Announce(), Throughput(), ProgressBar(), *shown]
    trainer = Trainer(
        accelerator="cpu",
        devices=run.world,
        strategy="ddp" if run.world > 1 else "auto",
        callbacks=callbacks,
        logger=CSVLogger(run.folder, name="csv", version=f"{os.getpid()}"),
        log_every_n_steps=2,
        enable_progress_bar=run.everything,
        enable_model_summary=False,
        **run.trainer,
    )
    try:
        trainer.fit(MODELS[run.model](), datamodule=data, ckpt_path="last" if run.resume else None)
    except Exception as error:
        (run.folder / f"error{rank}.txt").write_text(f"{type(error).__name__}: {error}")
        raise


def start(run: Run) -> list[BaseProcess]:
    """Start its processes, one a rank."""
    run.folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes: list[BaseProcess] = [SPAWN.Process(target=train, args=(run, rank, port)) for rank in range(run.world)]
    for process in processes:
        process.start()
    return processes


def finish(run: Run, timeout: float = 60) -> list[int | None]:
    """Run it in processes of its own; their exit codes."""
    processes = start(run)
    for process in processes:
        process.join(timeout)
    codes = [process.exitcode for process in processes]
    for process in processes:
        if process.exitcode is None:
            process.kill()
            process.join()
    return codes


def make_pairs(root: Path, train: int = 7, val: int = 2) -> Path:
    """Glued pairs of 68 px, made of noise."""
    noise = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        (root / split).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pixels = noise.integers(0, 256, (68, 136, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / split / f"{i}.png")
    return root
