"""A small training in float64, in as many processes as asked for, started from a warm one."""

import multiprocessing
import os
import socket
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer, seed_everything
from lightning.pytorch.callbacks import RichProgressBar  # noqa: F401 - loads what a trainer needs into the warm process
from torch.optim import SGD

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Unpaired
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.layers.norm import instance_norm
from gan_zoo.models.bicyclegan import BicycleGAN
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.munit import MUNIT
from gan_zoo.models.pix2pix import Pix2Pix
from gan_zoo.models.progan import ProGAN
from gan_zoo.models.sa_munit import SAMUNIT
from gan_zoo.models.stylegan import StyleGAN
from gan_zoo.models.ugatit import UGATIT
from gan_zoo.models.unit import UNIT
from gan_zoo.networks import progan, stylegan
from gan_zoo.networks.latent_encoder import ResNetEncoder
from gan_zoo.networks.latent_unet import LatentUNet
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import AutoEncoder, StridedPatch, StyleAutoEncoder
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.ugatit import Discriminator, Generator
from gan_zoo.networks.unet import UNet
from gan_zoo.training.growth import Growth
from gan_zoo.training.optimizers import TensorFlowAdam
from gan_zoo.training.schedules import LinearSecondHalf
from tests.labelled import COARSE_TO_FINE

JUDGE = partial(PatchGAN, n_layers=2, ndf=4, norm=instance_norm)
SMALL = partial(ResNet, n_blocks=1, ngf=4)
U_NET = partial(UNet, n_downs=5, ngf=4, norm=instance_norm, dropout=False)
MULTIMODAL = partial(
    BicycleGAN,
    generator=partial(LatentUNet, n_downs=5, ngf=4),
    encoder=partial(ResNetEncoder, n_blocks=1, nef=4),
    discriminator=partial(MultiScale, narrowing=2, ndf=4, each=partial(JUDGE, n_layers=1)),
    nz=3,
)
STRIDED = partial(MultiScale, n_scales=1, ndf=4, each=partial(StridedPatch, n_layers=2))
CODER = {"ngf": 4, "n_downs": 1, "n_blocks": 1}
STYLED = partial(StyleAutoEncoder, style_dim=2, mlp_dim=4, **CODER)
MODELS = {
    "pix2pix": partial(Pix2Pix, U_NET, JUDGE),
    "bicyclegan": MULTIMODAL,
    "bicyclegan_shared": partial(
        MULTIMODAL, conditional=True, shared_discriminator=True, sum_over_images=True, lambda_kl=0.1
    ),
    "cyclegan": partial(CycleGAN, SMALL, JUDGE, pool_size=0),
    "cyclegan_noise": partial(CycleGAN, U_NET, JUDGE, pool_size=0, nz=2),
    # Second derivatives are noisier: without Adam, which would make steps of that noise.
    "cyclegan_penalty": partial(CycleGAN, SMALL, JUDGE, pool_size=0, lambda_gp=1.0, optimizer=partial(SGD, lr=1e-4)),
    "munit": partial(MUNIT, STYLED, STRIDED, lambda_cycle=10.0),
    "sa_munit": partial(SAMUNIT, STYLED, STRIDED),
    "unit": partial(UNIT, partial(AutoEncoder, **CODER), STRIDED),
    "unit_shared": partial(UNIT, partial(AutoEncoder, **CODER), STRIDED, shared_blocks=1),
    "ugatit": partial(
        UGATIT,
        partial(Generator, ngf=2, n_blocks=1, light=True),
        partial(Discriminator, ndf=2),
        scopes={"global": 5, "local": 3},
        ema_decay=0.5,
        schedule=LinearSecondHalf(6),
    ),
    "ugatit_full": partial(
        UGATIT,
        partial(Generator, ngf=1, n_blocks=1, size=32),
        partial(Discriminator, ndf=2),
        scopes={"global": 5, "local": 3},
        schedule=LinearSecondHalf(6),
    ),
    "pix2pixhd": COARSE_TO_FINE,  # an epoch frozen, an iteration joint
}


class Shared(progan.Discriminator):
    """Groups of its deviation lie within each half of a batch, as they do on two devices."""

    def forward(self, x: torch.Tensor, lod: float = 0.0) -> torch.Tensor:
        """Half by half, where one process has both."""
        if torch.distributed.is_initialized():
            return super().forward(x, lod)
        return torch.cat([super(Shared, self).forward(half, lod) for half in x.chunk(2)])


class First(stylegan.Generator):
    """The mean of w follows the first half of a batch, as it does on the first of two devices."""

    def follow_mean(self, w: torch.Tensor, decay: float) -> None:
        """Of rank 0's part, where one process has both."""
        super().follow_mean(w if torch.distributed.is_initialized() else w.chunk(2)[0], decay)


# Two iterations at 4 px, two in the fade to 8 px.
GROWTH = partial(Growth, resolution=8, train_kimg=0.012, fade_kimg=0.02, batch=8, every=2)
GROWING = {
    "progan": partial(ProGAN, partial(progan.Generator, most=4), partial(Shared, most=4)),
    "stylegan": partial(
        StyleGAN,
        partial(First, latent_dim=4, style_dim=4, hidden=4, mapping_layers=2, most=4),
        partial(Shared, most=4, blurred=True),
    ),
}
GROWING["stylegan_lazy"] = partial(GROWING["stylegan"], r1_interval=3)
for name, made in GROWING.items():  # without Adam, which would make steps of the noise of second derivatives
    MODELS[name] = lambda made=made: made(resolution=8, schedule=GROWTH(), optimizer=partial(SGD, lr=1e-3))  # type: ignore[misc]


def stumbling(optimizer: Any) -> Any:
    """A ProGAN whose last rank has NaN in its part of D's second and third update: all ranks leave them out."""
    model = GROWING["progan"](resolution=8, schedule=GROWTH(), optimizer=optimizer)
    draw = model.draw

    def drawn(name: str, shape: tuple[int, ...]) -> torch.Tensor:
        numbers: torch.Tensor = draw(name, shape).clone()
        if name == "mixing" and model.global_step in (1, 2) and model.global_rank == model.trainer.world_size - 1:
            numbers[-1] = float("nan")
        return numbers

    model.draw = drawn
    return model


MODELS["progan_stumbling"] = partial(stumbling, partial(SGD, lr=1e-3))
# eps as large as gradients, lest the noise of second derivatives become steps.
MODELS["progan_stumbling_on_device"] = partial(stumbling, partial(TensorFlowAdam, lr=1e-3, eps=1.0))
GROWS = {*GROWING, "progan_stumbling", "progan_stumbling_on_device"}
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload([__name__])


@dataclass
class Run:
    """What is trained, and how the global batch is dealt."""

    model: str
    devices: int
    batch_size: int
    micro_batches: int = 1
    iterations: int = 4


def train(run: Run, data: Path, out: Path, rank: int, port: int) -> None:
    """Train in this process, as rank ``rank``; rank 0 writes the weights to ``out``."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if run.devices > 1:
        os.environ |= {"LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": "0"}
    seed_everything(7, verbose=False)
    model = MODELS[run.model]()
    trainer = Trainer(
        accelerator="cpu",
        devices=run.devices,
        precision="64-true",
        max_steps=run.iterations,
        accumulate_grad_batches=run.micro_batches,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    sizes = {"load_size": 36, "crop_size": 32, "batch_size": run.batch_size}
    grows = run.model in GROWS
    images = (
        PictureModule("small", data, 8, num_workers=0)
        if grows
        else ImageDataModule("small", data, Unpaired(), num_workers=0, **sizes)  # type: ignore[arg-type]
    )
    trainer.fit(model, datamodule=images)
    assert trainer.global_step == run.iterations
    if rank == 0:
        skipped = {name: float(value) for name, value in model.terms.items() if name.endswith("skipped")}
        torch.save({"state": model.state_dict(), "images_seen": model.images_seen, "skipped": skipped}, out)


def weights(run: Run, data: Path, folder: Path) -> dict[str, Any]:
    """``{"state": state_dict, "images_seen": int}`` after the run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    out = folder / "weights"
    ranks = [WARM.Process(target=train, args=(run, data, out, rank, port)) for rank in range(run.devices)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(120)
    assert [process.exitcode for process in ranks] == [0] * run.devices, run
    found: dict[str, Any] = torch.load(out, weights_only=True)
    return found
