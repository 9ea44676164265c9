"""A U-Net whose output also depends on a code (Zhu et al. 2017, BicycleGAN, sec. 3.4 and figure 3).

Reference: junyanz/BicycleGAN @ 40b9d52c, ``G_Unet_add_all`` and ``G_Unet_add_input``. Unlike pix2pix's U-Net every
convolution has a bias, the up path comes before the skip in a concatenation, and the decoder's activation is free.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_zoo.layers.norm import NormFactory, instance_norm
from gan_zoo.networks.unet import check_sides

Upsampling = Callable[[int, int], list[nn.Module]]


def transposed(in_channels: int, out_channels: int) -> list[nn.Module]:
    """Twice the size by one transposed 4x4 convolution."""
    return [nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1)]


def bilinear(in_channels: int, out_channels: int) -> list[nn.Module]:
    """Twice the size by interpolation, then a 3x3 convolution with reflected borders."""
    double = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    return [double, nn.ReflectionPad2d(1), nn.Conv2d(in_channels, out_channels, 3)]


class LatentUNet(nn.Module):
    """``n_downs`` halvings and doublings with skips; a code is repeated over the pixels and appended to the features.

    Args:
        in_channels: channels of the input picture.
        out_channels: channels of the output, in [-1, 1] by tanh.
        nz: numbers of a code; 0 for none.
        n_downs: halvings; 8 for 256 px (the reference's ``unet_256``), 7 for 128 px. Sides are multiples of 2**n_downs.
        ngf: width of the first level; it doubles to at most 8 ngf.
        norm: factory of the norm behind all but the outermost convolutions and the innermost down convolution.
        activation: of the up path, a class of ``torch.nn`` that works in place; the down path has LeakyReLU(0.2).
        upsample: ``transposed`` or ``bilinear``.
        dropout: Dropout(0.5) in the up part of the levels of width 8 ngf, but the outermost of them and the innermost.
        everywhere: append the code to every level's input (the reference's ``all``), else to the picture alone
            (``input``).

    Two quirks that the weights depend on. ``everywhere``: below the first level the code passes through the LeakyReLU
    with the features, so that its negative numbers shrink to a fifth. Else: that LeakyReLU works in place on what also
    skips across, so that a skip is activated before the up path's activation; with ReLU that makes no difference.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        nz: int = 8,
        n_downs: int = 8,
        ngf: int = 64,
        norm: NormFactory = instance_norm,
        activation: Callable[..., nn.Module] = nn.ReLU,
        upsample: Upsampling = transposed,
        dropout: bool = False,
        everywhere: bool = True,
    ) -> None:
        super().__init__()
        self.stride = self.smallest = 2**n_downs
        self.everywhere = everywhere and nz > 0
        added = nz if self.everywhere else 0
        widths = [ngf * min(2**level, 8) for level in range(n_downs)]
        sizes = [(in_channels + nz, ngf), *((before + added, width) for before, width in pairwise(widths))]
        self.down = nn.ModuleList(_down(*sizes[i], norm, i, n_downs) for i in range(n_downs))
        innermost = n_downs - 1
        self.up = nn.ModuleList()
        for i in range(innermost, 0, -1):
            double = upsample(widths[i] * (2 if i < innermost else 1), widths[i - 1])
            dropped = [nn.Dropout(0.5)] if dropout and 4 <= i < innermost else []
            self.up.append(nn.Sequential(activation(inplace=True), *double, norm(widths[i - 1]), *dropped))
        self.up.append(nn.Sequential(activation(inplace=True), *upsample(2 * ngf, out_channels), nn.Tanh()))

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        """Pictures (N, in, H, W) in [-1, 1] and codes (N, nz) -> (N, out, H, W) in [-1, 1].

        Raises:
            UserError: H or W is not a multiple of 2**n_downs.
        """
        check_sides(x, len(self.down))
        z = x.new_zeros(len(x), 0) if z is None else z
        features: list[Tensor] = []
        for down in self.down:
            x = down(with_code(x, z) if self.everywhere or not features else x)
            features.append(x)
        x = self.up[0](features.pop())
        for up, skip in zip(list(self.up)[1:], reversed(features), strict=True):
            x = up(torch.cat((x, skip), dim=1))
        return x


def with_code(x: Tensor, z: Tensor) -> Tensor:
    """(N, C, H, W) and (N, nz) -> (N, C + nz, H, W), a new tensor with the code constant over the pixels."""
    return torch.cat((x, z.to(x)[:, :, None, None].expand(-1, -1, *x.shape[-2:])), dim=1)


def _down(in_channels: int, channels: int, norm: NormFactory, level: int, n_downs: int) -> nn.Sequential:
    """Halve: no activation before the first, no norm behind the first and the innermost."""
    layers: list[nn.Module] = [nn.LeakyReLU(0.2, inplace=True)] if level else []
    layers.append(nn.Conv2d(in_channels, channels, 4, stride=2, padding=1))
    return nn.Sequential(*layers, *([norm(channels)] if 0 < level < n_downs - 1 else []))
