"""The convolutional part of VGG networks as a judge of pictures (Simonyan and Zisserman 2015).

Keys are torchvision's (``features.0.weight``…), so that its ImageNet weights fit; layers behind the last one looked at
are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn


class VGG(nn.Module):
    """3x3 convolutions with ReLUs in blocks, a 2x2 maximum pooling between two blocks.

    Args:
        blocks: widths of each block's convolutions.
        taps: indices of the layers whose outputs are given.
    """

    def __init__(self, blocks: Sequence[Sequence[int]], taps: Sequence[int]) -> None:
        super().__init__()
        self.taps = tuple(taps)
        layers: list[nn.Module] = []
        channels = 3
        for block in blocks:
            for width in block:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[: max(taps) + 1])

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) -> the maps (N, C, h, w) of ``taps``."""
        maps = []
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
        url: where those are published; the last part of the name is the beginning of the file's SHA-256.
    """

    weights: str | None = None
    url: str = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
    blocks: ClassVar = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
    taps: ClassVar = (1, 6, 11, 20, 29)

    def network(self) -> VGG:
        """Without weights yet."""
        return VGG(self.blocks, self.taps)
