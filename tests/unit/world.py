"""Tiny models, data and trainings for the tests of the floors; a few milliseconds an iteration."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from lightning import Trainer
from torch import Tensor, nn
from torch.optim import SGD
from torch.utils.data import DataLoader

from gan_zoo.layers.norm import instance_norm
from gan_zoo.models import CycleGAN, Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.unet import UNet
from gan_zoo.training.module import Batch, GANModule, Losses, OptimizerFactory
from gan_zoo.training.schedules import Constant, Schedule

RESNET = partial(ResNet, n_blocks=1, ngf=4)
UNET = partial(UNet, n_downs=4, ngf=4, norm=instance_norm, dropout=False)
DROPOUT_UNET = partial(UNet, n_downs=6, ngf=2)  # the shallowest that drops out; 64 px
PATCHGAN = partial(PatchGAN, n_layers=1, ndf=4, norm=instance_norm)
SLOW_SGD = partial(SGD, lr=0.01)


def cyclegan(**arguments: Any) -> CycleGAN:
    """The same weights each time."""
    torch.manual_seed(0)
    return CycleGAN(**{"generator": RESNET, "discriminator": PATCHGAN, **arguments})


def pix2pix(**arguments: Any) -> Pix2Pix:
    """The same weights each time; instance norm, no dropout."""
    torch.manual_seed(0)
    return Pix2Pix(**{"generator": UNET, "discriminator": PATCHGAN, **arguments})


def samples(count: int, size: int = 16, a: int = 3, b: int = 3) -> list[Batch]:
    """Noise in [-1, 1]; ``a`` and ``b`` channels."""
    noise = torch.Generator().manual_seed(1)
    return [
        {
            "a": 2 * torch.rand(a, size, size, generator=noise) - 1,
            "b": 2 * torch.rand(b, size, size, generator=noise) - 1,
        }
        for _ in range(count)
    ]


def batch(count: int = 2, size: int = 16, a: int = 3, b: int = 3) -> Batch:
    """The samples stacked."""
    found = samples(count, size, a, b)
    return {name: torch.stack([sample[name] for sample in found]) for name in "ab"}


def trainer(**arguments: Any) -> Trainer:
    """A quiet one on the CPU, one epoch unless told."""
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    length = {} if "max_steps" in arguments else {"max_epochs": 1}
    return Trainer(accelerator="cpu", devices=1, **{**quiet, **length, **arguments})


def fit(model: GANModule, data: list[Batch], batch_size: int = 1, ckpt_path: Any = None, **arguments: Any) -> Trainer:
    """Train in the samples' order."""
    made = trainer(**arguments)
    made.fit(model, DataLoader(data, batch_size=batch_size), ckpt_path=ckpt_path)
    return made


def weights(model: nn.Module) -> Tensor:
    """All parameters in one vector."""
    return torch.cat([parameter.detach().flatten().clone() for parameter in model.parameters()])


class Duel(GANModule):
    """Two players of one number each, judge j and maker m, on images x: judge (j - m x)^2, then maker (m - j)^2."""

    players = ("judge", "maker")

    def __init__(
        self,
        optimizer: OptimizerFactory = partial(SGD, lr=0.1),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = Constant(),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        self.judge, self.maker = Number(2.0), Number(1.0)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Judge first."""
        self.minimize(self.judge_loss, batch["a"], over="judge")
        self.minimize(self.maker_loss, over="maker")

    def judge_loss(self, x: Tensor) -> Losses:
        """Its distance to m x."""
        return Losses({"real": (self.judge.value - self.maker.value * x).square().mean()}, {"seen": x.mean()})

    def maker_loss(self) -> Losses:
        """Its distance to j."""
        return Losses({"adv": (self.maker.value - self.judge.value).square()})

    def numbers(self) -> tuple[float, float]:
        """j and m."""
        return self.judge.value.item(), self.maker.value.item()


class Number(nn.Module):
    """A network of one parameter."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))


def numbers(*values: float) -> list[Batch]:
    """Images of one pixel."""
    return [{"a": torch.full((1, 1, 1), float(value))} for value in values]
