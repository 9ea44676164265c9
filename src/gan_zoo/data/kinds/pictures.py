"""Pictures alone, of any size and in any folders, for generators that are given nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gan_zoo.data import folders
from gan_zoo.data.folders import Layout, Split
from gan_zoo.data.kinds.base import Kind
from gan_zoo.data.samples import Album, Domain, Images, Shot, order_of
from gan_zoo.data.views import Plain, View


@dataclass(frozen=True)
class Pictures(Kind):
    """Samples {"image": C H W}: all pictures below the folder; where it has a folder ``train``, those in it.

    Folders of classes are folders like others.
    """

    channels = MappingProxyType({"image": 3})
    paired = True
    swaps = False

    @property
    def sides(self) -> Mapping[str, str]:  # noqa: D102
        return {"a": "image"}

    def layout(self, root: Path) -> Layout:  # noqa: D102
        root = folders.existing(root)
        inside = folders.split_folders(root)
        found = inside if "train" in inside else {"train": root}
        splits = {name: Split(folders.sources(folder)) for name, folder in found.items()}
        return Layout(root, "single images", splits)

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        domain = Domain(split.a, order_of(len(split.a), "image", shot), "image", channels["image"])
        return Images({"image": domain}, shot, album, skip)

    def view(self, channels: Mapping[str, int], bits: Mapping[str, int]) -> View:  # noqa: D102
        return Plain(channels, {"image": bits["a"]})
