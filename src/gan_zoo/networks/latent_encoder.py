"""Encoders of a picture into a Gaussian over codes (Zhu et al. 2017, BicycleGAN, sec. 3.4 and 4).

Reference: junyanz/BicycleGAN @ 40b9d52c, ``E_ResNet`` and ``E_NLayers``. A quirk of both, kept because the heads depend
on it: the last pooling has a fixed window of 8x8 and stride 8, so that pictures of one octave of sizes fit only, and
of those beyond the smallest the last columns and rows are not seen.
"""

from collections.abc import Iterable
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import NormFactory, instance_norm

WINDOW = 8


class LatentEncoder(nn.Module):
    """Layers that halve a picture ``n_downs`` times, the pooling, and two linear heads.

    ``smallest`` and ``largest`` are the sides (in pixels) of pictures that it takes.
    """

    def __init__(self, layers: Iterable[nn.Module], width: int, nz: int, n_downs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers, nn.AvgPool2d(WINDOW))
        self.mean, self.log_variance = nn.Linear(width, nz), nn.Linear(width, nz)
        self.smallest = WINDOW * 2**n_downs
        self.largest = 2 * self.smallest - 1

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) in [-1, 1] -> mean and logarithm of the variance of each picture's code, both (N, nz).

        Raises:
            UserError: H or W is not from ``smallest`` to ``largest``.
        """
        if not self._takes(x):
            raise UserError(
                f"this encoder takes pictures with sides of {self.smallest} to {self.largest} px, not "
                f"{x.shape[-1]}x{x.shape[-2]}: set data.crop_size to such a number, or take another model/encoder"
            )
        features = self.layers(x).flatten(1)
        return self.mean(features), self.log_variance(features)

    def fitted(self, x: Tensor) -> Tensor:
        """Pictures of any size (N, C, H, W); those that it does not take, resized to its smallest square."""
        square = (self.smallest, self.smallest)
        return x if self._takes(x) else F.interpolate(x, square, mode="bilinear", antialias=True, align_corners=False)

    def _takes(self, x: Tensor) -> bool:
        return all(self.smallest <= side <= self.largest for side in x.shape[-2:])


class ResNetEncoder(LatentEncoder):
    """A strided convolution, then residual blocks of widths 2, 3, 4, 4 ... nef, each of which halves the picture.

    Args:
        in_channels: channels of the picture.
        nz: numbers of a code.
        n_blocks: 4 for pictures of 256 to 511 px (the reference's ``resnet_256``), 3 for half of that.
        nef: width of the first convolution.
        norm: factory of the norm in front of every convolution of a block.
    """

    def __init__(
        self, in_channels: int = 3, nz: int = 8, n_blocks: int = 4, nef: int = 64, norm: NormFactory = instance_norm
    ) -> None:
        widths = [nef * min(n + 1, 4) for n in range(n_blocks + 1)]
        blocks = [_HalvingBlock(before, width, norm) for before, width in pairwise(widths)]
        first = nn.Conv2d(in_channels, nef, 4, stride=2, padding=1)
        super().__init__((first, *blocks, nn.LeakyReLU(0.2, inplace=True)), widths[-1], nz, n_blocks + 1)


class ConvEncoder(LatentEncoder):
    """Strided convolutions of widths 1, 2, 4, 4 ... nef.

    Args:
        in_channels: channels of the picture.
        nz: numbers of a code.
        n_layers: 5 for pictures of 256 to 511 px (the reference's ``conv_256``), 4 for half of that.
        nef: width of the first convolution.
        norm: factory of the norm behind every convolution but the first.
    """

    def __init__(
        self, in_channels: int = 3, nz: int = 8, n_layers: int = 5, nef: int = 64, norm: NormFactory = instance_norm
    ) -> None:
        widths = [nef * min(2**n, 4) for n in range(n_layers)]
        layers: list[nn.Module] = [nn.Conv2d(in_channels, nef, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        for before, width in pairwise(widths):
            conv = nn.Conv2d(before, width, 4, stride=2, padding=1)
            layers += [conv, norm(width), nn.LeakyReLU(0.2, inplace=True)]
        super().__init__(layers, widths[-1], nz, n_layers)


class _HalvingBlock(nn.Module):
    """pool(conv(lrelu(norm(conv(lrelu(norm(x))))))) + conv(pool(x)); 3x3 convolutions, 1x1 beside them, all with bias.

    The first activation works in place: without a norm in front of it (``no_norm``) the shortcut sees it too, as in the
    reference.
    """

    def __init__(self, channels: int, out_channels: int, norm: NormFactory) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *(norm(channels), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(channels, channels, 3, padding=1)),
            *(norm(channels), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(channels, out_channels, 3, padding=1)),
            nn.AvgPool2d(2),
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(channels, out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / 2, W / 2)."""
        out: Tensor = self.main(x) + self.shortcut(x)
        return out
