"""Discriminators of one picture at several sizes (Wang et al. 2018, pix2pixHD, sec. 3.2).

References: NVIDIA/pix2pixHD @ 14b3b3c7, ``MultiscaleDiscriminator``; junyanz/BicycleGAN @ 40b9d52c, ``D_NLayersMulti``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from gan_zoo.networks.patchgan import PatchGAN


class MultiScale(nn.Module):
    """One discriminator a scale: the first sees the picture, each next one what the one before saw at half the size.

    Args:
        in_channels: channels of the picture, or of condition and picture together.
        n_scales: how many discriminators.
        ndf: width of the first discriminator.
        narrowing: the discriminator of scale i has the width ndf / narrowing^i, rounded half to even, at least 1.
        each: factory of a discriminator, called with ``in_channels``, ``ndf=`` its width and ``options``.
    """

    def __init__(
        self,
        in_channels: int = 3,
        n_scales: int = 2,
        ndf: int = 64,
        narrowing: int = 1,
        each: Callable[..., nn.Module] = PatchGAN,
        **options: Any,
    ) -> None:
        super().__init__()
        widths = [max(1, round(ndf / narrowing**i)) for i in range(n_scales)]
        self.scales = nn.ModuleList(each(in_channels, ndf=width, **options) for width in widths)
        self.halve = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, C, H, W) -> each scale's logits (N, 1, h, w), finest first."""
        return [scale(seen) for scale, seen in zip(self.scales, self.pyramid(x), strict=True)]

    def features(self, x: Tensor) -> list[list[Tensor]]:
        """Each scale's feature maps with its logits as the last, finest scale first."""
        seen = zip(self.scales, self.pyramid(x), strict=True)
        return [scale.features(picture) for scale, picture in seen]  # type: ignore[operator]

    def pyramid(self, x: Tensor) -> list[Tensor]:
        """(N, C, H, W) at every scale, finest first."""
        pictures = [x]
        while len(pictures) < len(self.scales):
            pictures.append(self.halve(pictures[-1]))
        return pictures


def counted_from_coarsest(state: Mapping[str, Tensor], prefix: str, n_scales: int) -> dict[str, Tensor]:
    """Weights of another number of scales, renamed so that the coarsest of theirs is the coarsest of ``n_scales``.

    ``prefix`` is what stands before a scale's number in a name: ``discriminator.scales.``.
    """
    numbers = [int(name.removeprefix(prefix).partition(".")[0]) for name in state if name.startswith(prefix)]
    shift = n_scales - 1 - max(numbers, default=n_scales - 1)
    renamed = {}
    for name, value in state.items():
        if name.startswith(prefix):
            number, _, rest = name.removeprefix(prefix).partition(".")
            name = f"{prefix}{int(number) + shift}.{rest}"
        renamed[name] = value
    return renamed
