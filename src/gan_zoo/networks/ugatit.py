"""Generator and discriminators with class activation maps of U-GAT-IT (Kim et al. 2020, sec. 2.1).

Reference: znxlwm/UGATIT-pytorch @ b8c42518, ``ResnetGenerator`` and ``Discriminator``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gan_zoo.errors import UserError, nearest
from gan_zoo.layers.adain import AdaIN
from gan_zoo.layers.adalin import LIN, AdaLIN, Plain
from gan_zoo.layers.blocks import ResidualBlock
from gan_zoo.layers.modes import full_precision
from gan_zoo.layers.norm import instance_norm
from gan_zoo.layers.spectral import NormedConv2d, NormedLinear


class Attended(NamedTuple):
    """What a network gives: its picture or scores, its classifier's two logits (N, 2), and where it looks (N, h, w).

    Without an attention module there are no logits and no map.
    """

    out: Tensor
    logits: Tensor | None
    heat: Tensor | None


class StyledAdaIN(AdaIN):
    """AdaIN with scale and shift apart."""

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:  # type: ignore[override]  # of one network
        """(N, C, H, W) -> the same shape."""
        return super().forward(x, torch.cat([beta, gamma], dim=1))


def _instance(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True)


def _layer(channels: int) -> nn.Module:
    return nn.GroupNorm(1, channels)


def _group(channels: int) -> nn.Module:
    return nn.GroupNorm(min(32, channels), channels)


# The norms of the decoder's adaptive blocks and of its doublings, by the names of the paper's table 2.
NORMS: dict[str, tuple[Callable[[int], nn.Module], Callable[[int], nn.Module]]] = {
    "adalin": (AdaLIN, LIN),
    "in": (lambda channels: Plain(_instance(channels)), _instance),
    "ln": (lambda channels: Plain(_layer(channels)), _layer),
    "adain": (StyledAdaIN, _instance),
    "gn": (lambda channels: Plain(_group(channels)), _group),
}


class CAM(nn.Module):
    """Attention by a classifier (Zhou et al. 2016): features weighted as they speak for one domain or the other.

    Two linear classifiers look at the features' means and maxima. Features times the weights of either, side by side,
    go through a 1x1 convolution: which is one 1x1 convolution of half the width, made of these weights.

    Args:
        channels: of the features.
        activation: after the convolution.
        spectral: spectral norm on the classifiers. The features are weighted by the weights before it all the same, as
            the reference does.
    """

    def __init__(self, channels: int, activation: nn.Module, spectral: bool = False) -> None:
        super().__init__()
        judge = NormedLinear if spectral else partial(nn.Linear, bias=False)
        self.gap_fc, self.gmp_fc = judge(channels, 1), judge(channels, 1)
        self.conv1x1 = nn.Conv2d(2 * channels, channels, 1)
        self.activation = activation

    def forward(self, x: Tensor) -> Attended:
        """(N, C, H, W) -> features (N, C, H, W), logits (N, 2), their sum over channels (N, H, W)."""
        pooled = (F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1))
        logits = [fc(p.flatten(1)) for fc, p in zip((self.gap_fc, self.gmp_fc), pooled, strict=True)]
        raw = [next(fc.parameters()).view(1, -1) for fc in (self.gap_fc, self.gmp_fc)]
        means, maxima = self.conv1x1.weight.flatten(1).chunk(2, dim=1)
        kernel = means * raw[0] + maxima * raw[1]
        out: Tensor = self.activation(F.conv2d(x, kernel[:, :, None, None], self.conv1x1.bias))
        return Attended(out, torch.cat(logits, dim=1), out.sum(dim=1))


class AdaptiveBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))), 3x3, reflection padding; both norms take the same scale and shift."""

    def __init__(self, channels: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(1)
        self.conv1, self.norm1 = nn.Conv2d(channels, channels, 3, bias=False), norm(channels)
        self.conv2, self.norm2 = nn.Conv2d(channels, channels, 3, bias=False), norm(channels)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        """(N, C, H, W), (N, C), (N, C) -> (N, C, H, W)."""
        inner = F.relu(self.norm1(self.conv1(self.pad(x)), gamma, beta), inplace=True)
        out: Tensor = x + self.norm2(self.conv2(self.pad(inner)), gamma, beta)
        return out


class Generator(nn.Module):
    """Two halvings, residual blocks, attention, adaptive blocks under a style read from the features, two doublings.

    Args:
        in_channels, out_channels: of the pictures.
        ngf: width of the first convolution.
        n_blocks: residual blocks, and as many adaptive ones.
        light: the style is read from the features' means; else from all of them, for one ``size`` of pictures only.
        size: side of square pictures, or (height, width), which the full style head is made for.
        norm: of the decoder, a name in ``NORMS``.
        cam: whether there is an attention module.
        checkpointing: keep only what enters each stage for the backward pass, which computes the rest anew.
    """

    stride, smallest = 4, 8

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        ngf: int = 64,
        n_blocks: int = 4,
        light: bool = False,
        size: int | tuple[int, int] = 256,
        norm: str = "adalin",
        cam: bool = True,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        if norm not in NORMS:
            raise UserError(f"model.generator.norm={norm}: there is no such norm{nearest(norm, NORMS)}")
        adaptive, plain = NORMS[norm]
        width, self.light, self.checkpointing = 4 * ngf, light, checkpointing
        self.size: tuple[int, int] = (size, size) if isinstance(size, int) else tuple(size)  # type: ignore[assignment]
        conv = partial(nn.Conv2d, bias=False)
        stages = [nn.Sequential(nn.ReflectionPad2d(3), conv(in_channels, ngf, 7), instance_norm(ngf), _relu())]
        for c in (ngf, 2 * ngf):
            halve = conv(c, 2 * c, 3, stride=2)
            stages.append(nn.Sequential(nn.ReflectionPad2d(1), halve, instance_norm(2 * c), _relu()))
        blocks = (ResidualBlock(width, instance_norm, bias=False) for _ in range(n_blocks))
        self.encoder = nn.Sequential(*stages, *blocks)
        self.cam = CAM(width, _relu()) if cam else None
        pixels = self.size[0] // 4 * self.size[1] // 4
        entry = width if light else pixels * width
        self.style = nn.Sequential(*_linear(entry, width), _relu(), *_linear(width, width), _relu())
        self.gamma, self.beta = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.blocks = nn.ModuleList(AdaptiveBlock(width, adaptive) for _ in range(n_blocks))
        stages = []
        for c in (width, 2 * ngf):
            double = (nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), conv(c, c // 2, 3))
            stages.append(nn.Sequential(*double, plain(c // 2), _relu()))
        last = nn.Sequential(nn.ReflectionPad2d(3), conv(ngf, out_channels, 7), nn.Tanh())
        self.decoder = nn.Sequential(*stages, last)

    def forward(self, x: Tensor) -> Attended:
        """(N, C, H, W) in [-1, 1] -> picture (N, C', H, W) in [-1, 1], logits, map (N, H / 4, W / 4).

        Raises:
            UserError: sides are not multiples of 4; a full style head was made for another size.
        """
        self._check(x)
        for stage in self.encoder:
            x = self._run(stage, x)
        logits = heat = None
        if self.cam is not None:
            x, logits, heat = self.cam(x)
        gamma, beta = self._style(x)
        for block in self.blocks:
            x = self._run(block, x, gamma, beta)
        for stage in self.decoder:
            x = self._run(stage, x)
        return Attended(x, logits, heat)

    def _style(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, C). Outside autocast: the full head's weights are read once, and copies kept for the
        backward pass would be of gigabytes."""
        with full_precision(x.device):
            entry = x.mean(dim=(2, 3)) if self.light else x.flatten(1)
            code = self.style(entry.to(self.gamma.weight.dtype))
            return self.gamma(code), self.beta(code)

    def _run(self, stage: nn.Module, *inputs: Tensor) -> Tensor:
        if not (self.checkpointing and torch.is_grad_enabled()):
            out: Tensor = stage(*inputs)
            return out
        again: Any = checkpoint(stage, *inputs, use_reentrant=False)
        return again  # type: ignore[no-any-return]

    def _check(self, x: Tensor) -> None:
        height, width = x.shape[-2:]
        if height % 4 or width % 4 or min(height, width) < self.smallest:
            raise UserError(
                f"U-GAT-IT's generator takes sides that are multiples of 4, from {self.smallest} px on, not "
                f"{width}x{height}: set data.crop_size to such a number"
            )
        if not self.light and (height, width) != self.size:
            raise UserError(
                f"the full style head was made for {self.size[1]}x{self.size[0]}, not {width}x{height}: set "
                f"model.generator.size to the size of the pictures, or take the light one: model.generator.light=true"
            )


class Discriminator(nn.Module):
    """Strided convolutions under spectral norm, attention, a map of scores: 7 layers see 286 px (global), 5 see 70.

    Args:
        in_channels: of the pictures.
        ndf: width of the first convolution; it doubles with each.
        n_layers: two more than halvings.
        cam: whether there is an attention module.
    """

    def __init__(self, in_channels: int = 3, ndf: int = 64, n_layers: int = 7, cam: bool = True) -> None:
        super().__init__()
        halvings = n_layers - 2
        self.smallest, layers, c = 3 * 2**halvings, [], in_channels
        for i in range(halvings + 1):
            wide, stride = ndf * 2**i, 2 if i < halvings else 1
            conv = NormedConv2d(c, wide, 4, stride)
            layers += [nn.ReflectionPad2d(1), conv, nn.LeakyReLU(0.2, inplace=True)]
            c = wide
        self.trunk = nn.Sequential(*layers)
        self.cam = CAM(c, nn.LeakyReLU(0.2, inplace=True), spectral=True) if cam else None
        self.pad, self.conv = nn.ReflectionPad2d(1), NormedConv2d(c, 1, 4, bias=False)

    def forward(self, x: Tensor) -> Attended:
        """(N, C, H, W) in [-1, 1] -> scores (N, 1, h, w), logits (N, 2), map (N, h + 1, w + 1).

        Raises:
            UserError: the picture is too small.
        """
        if min(x.shape[-2:]) < self.smallest:
            raise UserError(
                f"this discriminator takes pictures from {self.smallest} px, not {x.shape[-1]}x{x.shape[-2]}: "
                "set data.crop_size higher"
            )
        features, logits, heat = Attended(self.trunk(x), None, None) if self.cam is None else self.cam(self.trunk(x))
        return Attended(self.conv(self.pad(features)), logits, heat)


def _relu() -> nn.Module:
    return nn.ReLU(inplace=True)


def _linear(before: int, after: int) -> tuple[nn.Module]:
    return (nn.Linear(before, after, bias=False),)
