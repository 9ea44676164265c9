"""Discriminators that judge patches (Isola et al. 2017, sec. 3.2.2) or single pixels.

Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2, ``NLayerDiscriminator`` and ``PixelDiscriminator``.
"""

from itertools import pairwise

from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import NormFactory, batch_norm, wants_bias


class PatchGAN(nn.Module):
    """A map of logits, each for one patch: ``n_layers`` 3 sees 70x70 pixels, 1 sees 16x16, 5 sees 286x286.

    Args:
        in_channels: channels of the picture, or of condition and picture together.
        n_layers: strided convolutions; the width doubles with each up to ``widest``.
        ndf: width of the first convolution.
        norm: factory of the norm behind all but the first and the last convolution.
        bias: whether the convolutions in front of a norm have biases (None: only with instance norm); the first and
            the last always have one.
        padding: zeros on each side of every convolution.
        widest: channels at most; None is 8 ndf.
    """

    def __init__(
        self,
        in_channels: int = 3,
        n_layers: int = 3,
        ndf: int = 64,
        norm: NormFactory = batch_norm,
        bias: bool | None = None,
        padding: int = 1,
        widest: int | None = None,
    ) -> None:
        super().__init__()
        bias = wants_bias(norm) if bias is None else bias
        widths = [min(ndf * 2**n, widest or 8 * ndf) for n in range(n_layers + 1)]
        first = nn.Conv2d(in_channels, ndf, 4, stride=2, padding=padding)
        layers: list[nn.Module] = [first, nn.LeakyReLU(0.2, inplace=True)]
        for n, (before, width) in enumerate(pairwise(widths), start=1):
            stride = 2 if n < n_layers else 1
            conv = nn.Conv2d(before, width, 4, stride=stride, padding=padding, bias=bias)
            layers += [conv, norm(width), nn.LeakyReLU(0.2, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, stride=1, padding=padding))
        self.smallest = 3 * 2**n_layers if padding == 1 else 1  # below that the last convolution has nothing to see

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, 1, h, w); 256 px gives 30x30 with three layers and padding 1.

        Raises:
            UserError: the picture is too small for the number of layers.
        """
        return self.features(x)[-1]

    def features(self, x: Tensor) -> list[Tensor]:
        """What comes behind each activation, then the logits: n_layers + 2 maps (N, C, h, w), for feature matching.

        Raises:
            UserError: the picture is too small for the number of layers.
        """
        self._check(x)
        maps = []
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                maps.append(x)
        return [*maps, x]

    def _check(self, x: Tensor) -> None:
        if min(x.shape[-2:]) < self.smallest:
            raise UserError(
                f"this PatchGAN takes pictures from {self.smallest} px, not {x.shape[-1]}x{x.shape[-2]}: "
                f"set data.crop_size higher, or model.discriminator.n_layers lower"
            )


class PixelGAN(nn.Module):
    """1x1 convolutions: every pixel judged by itself.

    A quirk kept for the keys: without instance norm the last convolution has no bias either.
    """

    def __init__(self, in_channels: int = 3, ndf: int = 64, norm: NormFactory = batch_norm) -> None:
        super().__init__()
        bias = wants_bias(norm)
        self.layers = nn.Sequential(
            *(nn.Conv2d(in_channels, ndf, 1), nn.LeakyReLU(0.2, inplace=True)),
            *(nn.Conv2d(ndf, 2 * ndf, 1, bias=bias), norm(2 * ndf), nn.LeakyReLU(0.2, inplace=True)),
            nn.Conv2d(2 * ndf, 1, 1, bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, 1, H, W)."""
        out: Tensor = self.layers(x)
        return out
