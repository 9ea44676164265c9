"""The convolutional part of VGG networks as a judge of pictures (Simonyan and Zisserman 2015).

Keys are torchvision's (``features.0.weight``…), so that its ImageNet weights fit; layers behind the last one looked at
are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn


class VGG(nn.Module):
    """3x3 convolutions with ReLUs in blocks, a 2x2 maximum pooling between two blocks.

    Args:
        blocks: widths of each block's convolutions.
        taps: indices of the layers whose outputs are given.
        unpooled: blocks without a pooling behind them; later layers keep their indices.
        mean, std: of the pictures it was trained on, by channel, in [0, 1]; None takes pictures in [-1, 1] as they are.
        bgr: whether it was trained on blue, green, red; ``mean`` and ``std`` are in that order then.
    """

    def __init__(
        self,
        blocks: Sequence[Sequence[int]],
        taps: Sequence[int],
        unpooled: Sequence[int] = (),
        mean: Sequence[float] | None = None,
        std: Sequence[float] = (1.0, 1.0, 1.0),
        bgr: bool = False,
    ) -> None:
        super().__init__()
        self.taps, self.bgr, self.normalises = tuple(taps), bgr, mean is not None
        self.mean, self.std = (
            torch.tensor(values, dtype=torch.float64).view(3, 1, 1) for values in (mean or (0.0, 0.0, 0.0), std)
        )
        layers: list[nn.Module] = []
        channels = 3
        for i, block in enumerate(blocks):
            for width in block:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.Identity() if i in unpooled else nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[: max(taps) + 1])

    def prepared(self, x: Tensor) -> Tensor:
        """Pictures (N, 3, H, W), RGB in [-1, 1], as the network was trained to see them."""
        if self.bgr:
            x = x.flip(1)
        return ((x + 1) / 2 - self.mean.to(x)) / self.std.to(x) if self.normalises else x

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W), RGB in [-1, 1] -> the maps (N, C, h, w) of ``taps``."""
        maps, x = [], self.prepared(x)
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                maps.append(x)
        return maps


@dataclass(frozen=True)
class VGG19:
    """VGG19 up to relu5_1, seen at relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1.

    Args:
        weights: a file of torchvision's ``vgg19`` weights; None: its ImageNet weights from torch hub's folder of
            checkpoints, downloaded there if need be.
        url: where those are published, in place of torchvision's own address; its last part ends in the beginning of
            the file's SHA-256.
    """

    weights: str | None = None
    url: str | None = None
    renamed: ClassVar[Mapping[str, str]] = {}
    blocks: ClassVar = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
    taps: ClassVar = (1, 6, 11, 20, 29)

    @property
    def address(self) -> str:
        """``url``, or what torchvision says."""
        from torchvision.models import VGG19_Weights  # torchvision's models take long to import

        return self.url or str(VGG19_Weights.IMAGENET1K_V1.url)

    def network(self) -> VGG:
        """Without weights yet."""
        return VGG(self.blocks, self.taps)


# MUNIT's reference pools behind the first three blocks only (its issues 64 and 94), so that relu5_3 has stride 8.
_VGG16 = {"blocks": ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3), "taps": (29,), "unpooled": (3,)}


@dataclass(frozen=True)
class VGG16:
    """torchvision's VGG16 at relu5_3, for pictures by the mean and deviation of ImageNet.

    Args:
        weights: a file of torchvision's ``vgg16`` weights; None: as for ``VGG19``.
        url: as for ``VGG19``.
    """

    weights: str | None = None
    url: str | None = None
    renamed: ClassVar[Mapping[str, str]] = {}

    @property
    def address(self) -> str:
        """``url``, or what torchvision says."""
        from torchvision.models import VGG16_Weights

        return self.url or str(VGG16_Weights.IMAGENET1K_V1.url)

    def network(self) -> VGG:
        """Without weights yet."""
        return VGG(**_VGG16, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))  # type: ignore[arg-type]


@dataclass(frozen=True)
class CaffeVGG16:
    """The VGG16 of NVlabs/MUNIT @ a82e222b at relu5_3: weights from Caffe, for BGR in 0 to 255 less a mean.

    Args:
        weights: its ``vgg16.weight``, a state dict of conv1_1 to conv5_3; it is not published in this form.
    """

    weights: str | None = None
    address: ClassVar[str] = ""
    renamed: ClassVar[Mapping[str, str]] = {
        f"features.{index}.{part}": f"conv{name}.{part}"
        for index, name in zip(
            (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
            ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3", "5_1", "5_2", "5_3"),
            strict=True,
        )
        for part in ("weight", "bias")
    }

    def network(self) -> VGG:
        """Without weights yet."""
        mean = tuple(level / 255 for level in (103.939, 116.779, 123.680))
        return VGG(**_VGG16, mean=mean, std=(1 / 255,) * 3, bgr=True)  # type: ignore[arg-type]
