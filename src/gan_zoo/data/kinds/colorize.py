"""Photographs as lightness and colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image
from torch import Tensor

from gan_zoo.data import folders
from gan_zoo.data.color import lab_tensors
from gan_zoo.data.folders import Layout, Source, Split
from gan_zoo.data.images import Picture, with_channels
from gan_zoo.data.kinds.base import Kind
from gan_zoo.data.samples import Album, Domain, Images, Shot, order_of
from gan_zoo.data.transforms import Placement
from gan_zoo.data.views import Lab, View


class LabImages(Images):
    """Samples {"a": L / 50 - 1, "b": (a, b) / 110} of single photographs: the reference's colourisation."""

    def tensors(self, name: str, picture: Picture, placement: Placement, source: Source) -> dict[str, Tensor]:  # noqa: D102
        rgb = with_channels(as_eight_bit(picture), 3)
        luminance, chroma = lab_tensors(np.asarray(self.shot.mode.apply(rgb, placement)))
        return {"a": luminance, "b": chroma}


def as_eight_bit(picture: Picture) -> Picture:
    """A float picture rounded to 8 bits, as Lab colourisation takes it; others unchanged."""
    if isinstance(picture, Image.Image):
        return picture
    picture = with_channels(picture, 3)
    assert not isinstance(picture, Image.Image)
    return Image.fromarray(np.round(picture * 255).astype(np.uint8))


@dataclass(frozen=True)
class Colorize(Kind):
    """Photographs, split into lightness (a, 1 channel) and colour (b, 2 channels).

    ``half`` takes the left or right half of each file (the photo side of glued pairs); ``parts`` names folders below
    the root, and the half of each, that make one collection together.
    """

    half: str = "whole"
    parts: Mapping[str, str] | None = None

    channels = MappingProxyType({"a": 1, "b": 2})
    paired = True
    swaps = False

    @property
    def sides(self) -> Mapping[str, str]:  # noqa: D102
        return {"a": "image"}

    def layout(self, root: Path) -> Layout:  # noqa: D102
        return folders.detect_single(root, self.half)

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        domain = Domain(split.a, order_of(len(split.a), "photo", shot), "photo", 3)
        return LabImages({"photo": domain}, shot, album, skip)

    def view(self, channels: Mapping[str, int], bits: Mapping[str, int]) -> View:  # noqa: D102
        return Lab()
