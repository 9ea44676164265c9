"""Label maps with photos, and with instance maps and stored features where there are any."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_zoo.data.folders import Layout, Source, Split
from gan_zoo.data.folders_labels import Reader, detect_labels
from gan_zoo.data.images import Picture, read, resampled, size, with_channels
from gan_zoo.data.kinds.base import Headers, Kind, Problems, side_problems, sides_of
from gan_zoo.data.maps import ReadMap
from gan_zoo.data.samples import Album, Domain, Images, Shot, order_of
from gan_zoo.data.transforms import Mode, Placement, to_tensor
from gan_zoo.data.views import View
from gan_zoo.data.views_labels import Labels
from gan_zoo.errors import UserError

NEAREST = Image.Resampling.NEAREST


class LabelImages(Images):
    """Samples {"label": 1 H W int64, "instance": 1 H W int64, "image": C H W, "feature": F H W in [-1, 1]}.

    Those parts that the data have. One crop and one mirroring for all; photos are resized bicubically, the others take
    the nearest pixel, and features of another size are first brought to the label map's.
    """

    def sample(self, position: int, shift: int = 0) -> dict[str, Tensor]:
        """Raises ``UserError`` naming a part of another size than its label map."""
        own = self.domains["label"].source(position, shift)
        label = self.album(own)
        place = self.shot.placement(self.domains["label"].tag, position, label)
        tensors = {"label": whole_numbers(self.shot.mode.apply(label, place, NEAREST))}
        for name, domain in self.domains.items():
            if name != "label":
                source = domain.source(position, shift)
                picture = self.album(source)
                if name != "feature" and size(picture) != size(label):
                    raise UserError(unlike(source.path, size(picture), own.path, size(label)))
                picture = resampled(picture, *size(label), NEAREST) if name == "feature" else picture
                tensors |= self.tensors(name, picture, place, source)
        return tensors

    def tensors(self, name: str, picture: Picture, placement: Placement, source: Source) -> dict[str, Tensor]:  # noqa: D102
        if name == "instance":
            return {name: whole_numbers(self.shot.mode.apply(picture, placement, NEAREST))}
        if name == "feature":
            try:
                picture = with_channels(picture, self.domains[name].channels)
            except UserError as error:
                raise UserError(f"{source.path}: {error}") from None
            return {name: to_tensor(self.shot.mode.apply(picture, placement, NEAREST))}
        return super().tensors(name, picture, placement, source)


def whole_numbers(ids: Picture) -> Tensor:
    """1 x H x W int64 of a map."""
    return torch.from_numpy(np.asarray(ids).astype(np.int64))[None]


def unlike(path: Path, sides: tuple[int, int], label: Path, label_sides: tuple[int, int]) -> str:
    """The line about a part whose size is not its label map's."""
    said, label_said = ("x".join(map(str, one)) for one in (sides, label_sides))
    return f"{path} is {said} but its label map {label} is {label_said}: make them equal"


@dataclass(frozen=True)
class LabelMaps(Kind):
    """Label maps (ids 0 .. labels - 1) and photos; instance maps unless ``instances`` is False; stored features.

    ``void``: the id of pixels without a label, which become the last class; ``palette``: "index" or "gray", what counts
    in palette images. ``feature_channels``: of the stored features. Training and validation need every part; test data
    may come without photos and features.
    """

    labels: int = 35
    instances: bool = True
    features: bool = False
    void: int | None = None
    palette: str | None = None
    feature_channels: int = 3

    paired = True
    swaps = False

    @property
    def sides(self) -> Mapping[str, str]:
        """Worlds have no stored features."""
        return {"a": "label", "b": "image"} | ({"instance": "instance"} if self.instances else {})

    def layout(self, root: Path) -> Layout:  # noqa: D102
        maps = ReadMap(palette=self.palette)
        readers: dict[str, Reader] = {"label": ReadMap(self.labels, self.void, self.palette), "image": read}
        readers |= {"instance": maps} if self.instances else {}
        readers |= {"feature": read} if self.features else {}
        return detect_labels(root, readers)

    def problems(self, split: Split, headers: Headers, mode: Mode) -> Problems:
        """Those of each label map, unreadable partners, and partners of another size (but for features)."""
        found = Problems(side_problems(split.a, headers, mode))
        sides = {"image": split.b, **split.more}
        for name, side in sides.items():
            for number, (label, source) in enumerate(zip(split.a, side, strict=False)):
                header = headers.get(source.path)
                own, other = sides_of(label, headers), sides_of(source, headers)
                if isinstance(header, UserError):
                    found.a.append((number, str(header)))
                elif name != "feature" and own and other and own != other:
                    found.a.append((number, unlike(source.path, other, label.path, own)))
        return found

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        order = order_of(len(split.a), "pair", shot)
        sides = {"label": split.a, **split.more, "image": split.b}
        depths = {"label": 1, "instance": 1, "image": channels["b"], "feature": self.feature_channels}
        domains = {name: Domain(side, order, "pair", depths[name]) for name, side in sides.items() if side}
        return LabelImages(domains, shot, album, skip)

    def view(self, channels: Mapping[str, int], bits: Mapping[str, int]) -> View:  # noqa: D102
        depths = {"image": channels["b"], "feature": self.feature_channels}
        return Labels(self.labels, depths, void=self.void, palette=self.palette)
