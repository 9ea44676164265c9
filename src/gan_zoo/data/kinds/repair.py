"""Photographs with scratches, and without."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from gan_zoo.data import folders
from gan_zoo.data.folders import Layout, Split
from gan_zoo.data.kinds.base import Kind
from gan_zoo.data.sampler import rng_at
from gan_zoo.data.samples import Album, Domain, Images, Shot, order_of
from gan_zoo.data.views import Holes, View


class DamagedImages(Images):
    """Samples {"a": the picture with holes, and where they are, "b": the picture}, C + 1 and C channels in [-1, 1].

    In a hole ``a`` is gray (0) and its last channel -1, like a transparent pixel; elsewhere that channel is 1.
    """

    def sample(self, position: int, shift: int = 0) -> dict[str, Tensor]:
        """Holes are drawn for the position too, so that test pictures keep theirs."""
        whole = super().sample(position, shift)["b"]
        alpha = scratches(rng_at(self.shot.seed, "holes", position), whole.shape[-1], whole.shape[-2])
        return {"a": torch.cat([torch.where(alpha > 0, whole, 0.0), alpha]), "b": whole}


def scratches(rng: random.Random, width: int, height: int) -> Tensor:
    """1 x H x W, -1 in twelve scratches that lie anywhere (about a sixth of the picture), else 1."""
    mask = Image.new("L", (width, height), 255)
    pen, side = ImageDraw.Draw(mask), min(width, height)
    for _ in range(12):
        ends = [rng.uniform(-0.1, 1.1) * extent for extent in (width, height, width, height)]
        pen.line(ends, fill=0, width=max(1, round(side * rng.uniform(0.01, 0.035))))
    return torch.from_numpy(np.array(mask, dtype=np.float32))[None] / 127.5 - 1


@dataclass(frozen=True)
class Repair(Kind):
    """Photographs (b), and the same with scratches (a, with a channel more that says where, as alpha does).

    ``half`` takes the left or right half of each file (the photo side of glued pairs).
    """

    half: str = "whole"

    channels = MappingProxyType({"a": 4, "b": 3})
    paired = True
    swaps = False

    @property
    def sides(self) -> Mapping[str, str]:  # noqa: D102
        return {"a": "image"}

    def layout(self, root: Path) -> Layout:  # noqa: D102
        return folders.detect_single(root, self.half)

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        domain = Domain(split.a, order_of(len(split.a), "photo", shot), "photo", channels["b"])
        return DamagedImages({"b": domain}, shot, album, skip)

    def view(self, channels: Mapping[str, int], bits: Mapping[str, int]) -> View:  # noqa: D102
        return Holes(channels, bits)
