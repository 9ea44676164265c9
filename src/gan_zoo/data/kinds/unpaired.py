"""Two collections without pairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gan_zoo.data import folders
from gan_zoo.data.folders import Layout, Split
from gan_zoo.data.kinds.base import Kind
from gan_zoo.data.samples import Album, Domain, Images, Shot, order_of


@dataclass(frozen=True)
class Unpaired(Kind):
    """Two collections, each reshuffled in each pass of its own, each with its own crop and mirroring."""

    a: str = "A"
    b: str = "B"

    paired = False

    def layout(self, root: Path) -> Layout:  # noqa: D102
        return folders.detect_unpaired(root, self.a, self.b)

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        sides = {"a": split.a, "b": split.b}
        domains = {
            name: Domain(side, order_of(len(side), name, shot), name, channels[name]) for name, side in sides.items()
        }
        return Images(domains, shot, album, skip)
