"""Pairs of pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gan_zoo.data import folders
from gan_zoo.data.folders import Layout, Split
from gan_zoo.data.kinds.base import Headers, Kind, Problems, sides_of
from gan_zoo.data.samples import Album, Domain, Images, Shot, order_of
from gan_zoo.data.transforms import Mode


@dataclass(frozen=True)
class Paired(Kind):
    """Pairs, glued or in two folders (called ``a`` and ``b``). One order, one crop, one mirroring for both."""

    a: str = "A"
    b: str = "B"

    paired = True

    def layout(self, root: Path) -> Layout:  # noqa: D102
        return folders.detect_pairs(root, self.a, self.b)

    def problems(self, split: Split, headers: Headers, mode: Mode) -> Problems:
        """Besides those of each picture: partners of unlike size."""
        found = super().problems(split, headers, mode)
        for number, (a, b) in enumerate(zip(split.a, split.b, strict=True)):
            sides_a, sides_b = sides_of(a, headers), sides_of(b, headers)
            if a.path != b.path and sides_a and sides_b and sides_a != sides_b:
                said_a, said_b = ("x".join(map(str, sides)) for sides in (sides_a, sides_b))
                found.a.append((number, f"{a.path} is {said_a} but its partner {b.path} is {said_b}: make them equal"))
        return found

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        order = order_of(len(split.a), "pair", shot)
        sides = {"a": split.a, "b": split.b}
        domains = {name: Domain(side, order, "pair", channels[name]) for name, side in sides.items()}
        return Images(domains, shot, album, skip)
