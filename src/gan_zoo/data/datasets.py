"""Data sets as pure functions of (seed, position), and the kinds of data they are built from.

A *kind* (``Paired``, ``Unpaired``, ``Colorize``, ``Repair``) is what a config names: it detects the layout of a folder,
says which problems the pictures have, builds the data set of a split, and knows how its tensors become pictures
(``view``).
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.utils.data import Dataset

from gan_zoo.data import folders
from gan_zoo.data.color import lab_tensors
from gan_zoo.data.folders import Layout, Source, Split
from gan_zoo.data.images import Header, Picture, read, size, strip, with_channels
from gan_zoo.data.loader import Failure
from gan_zoo.data.sampler import InOrder, Shuffled, rng_at
from gan_zoo.data.transforms import Mode, Placement
from gan_zoo.data.views import Holes, Lab, Plain, View
from gan_zoo.errors import UserError

Headers = Mapping[Path, Header | UserError]
Problem = tuple[int, str]  # the number of a sample (of domain A, B or the pair) and what is wrong with it
Order = Shuffled | InOrder


class Album:
    """Reads pictures, from memory where they have been kept (decoded, whole files)."""

    def __init__(self) -> None:
        self.kept: dict[Path, Picture] = {}

    def __call__(self, source: Source) -> Picture:
        """The picture of a source. Raises ``UserError`` naming the file."""
        picture = self.kept.get(source.path)
        return strip(read(source.path) if picture is None else picture, source.strip, source.strips)


@dataclass(frozen=True)
class Shot:
    """How a picture becomes a tensor: the mode, and the draws of crop and mirroring (no draws without ``augment``)."""

    mode: Mode
    seed: int = 0
    augment: bool = True
    flip: bool = True

    def placement(self, tag: str, position: int, picture: Picture) -> Placement:
        """Crop position and mirroring for the sample at this position; the same for all that share the tag."""
        if not self.augment:
            return Placement()
        place = self.mode.draw(rng_at(self.seed, tag, position), size(picture))
        return place if self.flip else place._replace(flip=False)


@dataclass(frozen=True)
class Domain:
    """One side of a data set: its pictures, their order, the tag of its draws (partners share it), and its channels."""

    sources: Sequence[Source]
    order: Order
    tag: str
    channels: int

    def source(self, position: int, shift: int = 0) -> Source:
        """The picture at this position, or the ``shift``-th after it."""
        return self.sources[(self.order[position] + shift) % len(self.sources)]


class Images(Dataset["dict[str, Tensor] | Failure"]):
    """Samples {"a": C H W, "b": C H W} in [-1, 1]. Its length is that of its larger domain; any position >= 0 is
    allowed."""

    def __init__(self, domains: Mapping[str, Domain], shot: Shot, album: Album, skip: bool = False) -> None:
        self.domains, self.shot, self.album = dict(domains), shot, album
        self.tries = len(self) if skip else 1

    def __len__(self) -> int:
        return max(len(domain.sources) for domain in self.domains.values())

    def __getitem__(self, position: int) -> dict[str, Tensor] | Failure:
        """The sample at a position; an unreadable picture gives way to the next one, or is a ``Failure``."""
        failure: Failure | None = None
        for shift in range(self.tries):
            try:
                return self.sample(position, shift)
            except UserError as error:
                failure = failure or Failure(str(error))
        assert failure is not None
        return failure

    def sample(self, position: int, shift: int = 0) -> dict[str, Tensor]:
        """The sample made of the pictures ``shift`` places after those of this position."""
        placements: dict[str, Placement] = {}
        tensors: dict[str, Tensor] = {}
        for name, domain in self.domains.items():
            source = domain.source(position, shift)
            picture = self.album(source)
            if domain.tag not in placements:
                placements[domain.tag] = self.shot.placement(domain.tag, position, picture)
            tensors |= self.tensors(name, picture, placements[domain.tag], source)
        return tensors

    def tensors(self, name: str, picture: Picture, placement: Placement, source: Source) -> dict[str, Tensor]:
        """What one picture adds to the sample. Raises ``UserError`` naming the file whose channels do not fit."""
        try:
            return {name: self.shot.mode(picture, placement, self.domains[name].channels)}
        except UserError as error:
            raise UserError(f"{source.path}: {error}") from None


class LabImages(Images):
    """Samples {"a": L / 50 - 1, "b": (a, b) / 110} of single photographs: the reference's colourisation."""

    def tensors(self, name: str, picture: Picture, placement: Placement, source: Source) -> dict[str, Tensor]:  # noqa: D102
        rgb = with_channels(as_eight_bit(picture), 3)
        luminance, chroma = lab_tensors(np.asarray(self.shot.mode.apply(rgb, placement)))
        return {"a": luminance, "b": chroma}


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


def as_eight_bit(picture: Picture) -> Picture:
    """A float picture rounded to 8 bits, as Lab colourisation takes it; others unchanged."""
    if isinstance(picture, Image.Image):
        return picture
    picture = with_channels(picture, 3)
    assert not isinstance(picture, Image.Image)
    return Image.fromarray(np.round(picture * 255).astype(np.uint8))


@dataclass
class Problems:
    """Problems of domain A and B, or, where B has none of its own, of samples as a whole."""

    a: list[Problem] = field(default_factory=list)
    b: list[Problem] = field(default_factory=list)

    def without(self, split: Split, together: bool) -> Split:
        """The split without the samples that have problems; partners leave together."""
        bad_a, bad_b = ({number for number, _ in side} for side in (self.a, self.b))
        if together:
            bad_a = bad_b = bad_a | bad_b
        return Split(
            tuple(source for i, source in enumerate(split.a) if i not in bad_a),
            tuple(source for i, source in enumerate(split.b) if i not in bad_b),
        )

    def messages(self) -> list[str]:
        """All messages, each once."""
        return list(dict.fromkeys(message for _, message in (*self.a, *self.b)))


def order_of(count: int, tag: str, shot: Shot) -> Order:
    """Shuffled pass by pass in training, else in order."""
    return Shuffled(count, shot.seed, tag) if shot.augment else InOrder(count)


def sides_of(source: Source, headers: Headers) -> tuple[int, int] | None:
    """(width, height) of a source by its file's header; None where that is unknown."""
    header = headers.get(source.path)
    if not isinstance(header, Header):
        return None
    width = header.width
    return width * (source.strip + 1) // source.strips - width * source.strip // source.strips, header.height


def side_problems(side: Sequence[Source], headers: Headers, mode: Mode) -> list[Problem]:
    """Unreadable files, glued images of odd width, and images smaller than the crop."""
    found: list[Problem] = []
    for number, source in enumerate(side):
        header = headers.get(source.path)
        if isinstance(header, UserError):
            found.append((number, str(header)))
        elif header is not None and header.width % source.strips:
            found.append(
                (number, f"{source.path}: {header.width} pixels wide, which does not halve into A and B: odd width")
            )
        elif sides := sides_of(source, headers):
            try:
                mode.check(sides)
            except UserError as error:
                found.append((number, f"{source.path}: {error}"))
    return found


class Kind(ABC):
    """What a config's ``dataset`` offers to the datamodule.

    ``channels``: of the batch, where the config says nothing; ``paired``: pictures at equal places belong together;
    ``swaps``: whether direction ba makes sense.
    """

    channels: ClassVar[Mapping[str, int]] = MappingProxyType({"a": 3, "b": 3})
    paired: ClassVar[bool]
    swaps: ClassVar[bool] = True

    @abstractmethod
    def layout(self, root: Path) -> Layout:
        """What lies in the folder. Raises ``UserError``."""

    @abstractmethod
    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:
        """The data set of a split, shuffled where the shot augments; ``skip``: unreadable pictures give way."""

    def problems(self, split: Split, headers: Headers, mode: Mode) -> Problems:
        """Every sample that cannot be used, and why."""
        return Problems(side_problems(split.a, headers, mode), side_problems(split.b, headers, mode))

    def view(self, channels: Mapping[str, int], bits: Mapping[str, int]) -> View:
        """How its tensors become pictures."""
        return Plain(channels, bits)


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

    def layout(self, root: Path) -> Layout:  # noqa: D102
        return folders.detect_single(root, self.half)

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        domain = Domain(split.a, order_of(len(split.a), "photo", shot), "photo", 3)
        return LabImages({"photo": domain}, shot, album, skip)

    def view(self, channels: Mapping[str, int], bits: Mapping[str, int]) -> View:  # noqa: D102
        return Lab()


@dataclass(frozen=True)
class Repair(Kind):
    """Photographs (b), and the same with scratches (a, with a channel more that says where, as alpha does).

    ``half`` takes the left or right half of each file (the photo side of glued pairs).
    """

    half: str = "whole"

    channels = MappingProxyType({"a": 4, "b": 3})
    paired = True
    swaps = False

    def layout(self, root: Path) -> Layout:  # noqa: D102
        return folders.detect_single(root, self.half)

    def build(self, split: Split, shot: Shot, channels: Mapping[str, int], album: Album, skip: bool = False) -> Images:  # noqa: D102
        domain = Domain(split.a, order_of(len(split.a), "photo", shot), "photo", channels["b"])
        return DamagedImages({"b": domain}, shot, album, skip)

    def view(self, channels: Mapping[str, int], bits: Mapping[str, int]) -> View:  # noqa: D102
        return Holes(channels, bits)
