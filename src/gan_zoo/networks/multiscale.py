"""Discriminators of one picture at several sizes (Wang et al. 2018, pix2pixHD, sec. 3.2).

References: NVIDIA/pix2pixHD @ 14b3b3c7, ``MultiscaleDiscriminator``; junyanz/BicycleGAN @ 40b9d52c, ``D_NLayersMulti``.
"""

from collections.abc import Callable

from torch import Tensor, nn

from gan_zoo.networks.patchgan import PatchGAN


class MultiScale(nn.Module):
    """One discriminator a scale: the first sees the picture, each next one what the one before saw at half the size.

    Args:
        in_channels: channels of the picture, or of condition and picture together.
        n_scales: how many discriminators.
        ndf: width of the first discriminator.
        narrowing: the discriminator of scale i has the width ndf / narrowing^i, rounded half to even.
        each: factory of a discriminator, called with ``in_channels`` and ``ndf=`` its width.
    """

    def __init__(
        self,
        in_channels: int = 3,
        n_scales: int = 2,
        ndf: int = 64,
        narrowing: int = 1,
        each: Callable[..., nn.Module] = PatchGAN,
    ) -> None:
        super().__init__()
        self.scales = nn.ModuleList(each(in_channels, ndf=round(ndf / narrowing**i)) for i in range(n_scales))
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
