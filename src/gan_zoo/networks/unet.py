"""The U-Net generator of pix2pix (Isola et al. 2017, sec. 3.2.1 and appendix 6.1).

Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2, ``UnetGenerator``. Its quirks, kept because checkpoints
depend on them: convolutions have biases only with instance norm, even where no norm follows; the innermost level has
no dropout, the next three (two with seven halvings) have it, where the paper drops out in the innermost three.
"""

import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import NormFactory, batch_norm, wants_bias


class UNet(nn.Module):
    """``n_downs`` halvings and as many doublings; level i's features also skip across to its mirror image.

    Args:
        in_channels: channels of the input picture.
        out_channels: channels of the output, in [-1, 1] by tanh.
        n_downs: halvings; 8 for 256 px (the reference's ``unet_256``), 7 for 128 px. Sides are multiples of 2**n_downs.
        ngf: width of the first level; it doubles to at most 8 ngf.
        norm: factory of the norm behind all but the first and the innermost convolution.
        dropout: Dropout(0.5) in the up part of the levels of width 8 ngf, but the outermost of them and the innermost.
        skips: false gives the encoder-decoder of the paper's ablation (table 2).
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        n_downs: int = 8,
        ngf: int = 64,
        norm: NormFactory = batch_norm,
        dropout: bool = True,
        skips: bool = True,
    ) -> None:
        super().__init__()
        self.stride = self.smallest = 2**n_downs
        self.skips = skips
        widths = [ngf * min(2**level, 8) for level in range(n_downs)]
        inputs = [in_channels, *widths]
        self.down = nn.ModuleList(_down(inputs[i], widths[i], norm, i, n_downs) for i in range(n_downs))
        innermost = n_downs - 1
        doubled = [width * (2 if skips and i < innermost else 1) for i, width in enumerate(widths)]
        self.up = nn.ModuleList(
            _up(doubled[i], widths[i - 1], norm, dropout and 4 <= i < innermost) for i in range(innermost, 0, -1)
        )
        self.up.append(_last(doubled[0], out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) in [-1, 1] -> (N, out, H, W) in [-1, 1].

        Raises:
            UserError: H or W is not a multiple of 2**n_downs.
        """
        check_sides(x, len(self.down))
        features = []
        for down in self.down:
            x = down(x)
            features.append(x)
        x = self.up[0](features.pop())
        for up, skip in zip(list(self.up)[1:], reversed(features), strict=True):
            x = up(torch.cat((skip, x), dim=1) if self.skips else x)
        return x


def _down(in_channels: int, channels: int, norm: NormFactory, level: int, n_downs: int) -> nn.Sequential:
    """Halve: no activation before the first, no norm behind the first and the innermost."""
    layers: list[nn.Module] = [nn.LeakyReLU(0.2, inplace=True)] if level else []
    layers.append(nn.Conv2d(in_channels, channels, 4, stride=2, padding=1, bias=wants_bias(norm)))
    if 0 < level < n_downs - 1:
        layers.append(norm(channels))
    return nn.Sequential(*layers)


def _up(in_channels: int, channels: int, norm: NormFactory, dropout: bool) -> nn.Sequential:
    conv = nn.ConvTranspose2d(in_channels, channels, 4, stride=2, padding=1, bias=wants_bias(norm))
    return nn.Sequential(nn.ReLU(inplace=True), conv, norm(channels), *([nn.Dropout(0.5)] if dropout else []))


def _last(in_channels: int, out_channels: int) -> nn.Sequential:
    conv = nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1)
    return nn.Sequential(nn.ReLU(inplace=True), conv, nn.Tanh())


def check_sides(x: Tensor, halvings: int) -> None:
    """Raise ``UserError`` where a U-Net of so many halvings cannot give back the sides of x (N, C, H, W)."""
    (height, width), stride = x.shape[-2:], 2**halvings
    if height % stride or width % stride:
        raise UserError(
            f"a U-Net of {halvings} halvings takes sides that are multiples of {stride}, "
            f"not {width}x{height}: set data.crop_size to a multiple, or model.generator.n_downs lower"
        )
