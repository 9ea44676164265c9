"""Data sets as pure functions of (seed, position)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from torch.utils.data import Dataset

from gan_zoo.data.folders import Source
from gan_zoo.data.images import Picture, size, strip
from gan_zoo.data.loader import Failure
from gan_zoo.data.sampler import InOrder, Shuffled, rng_at
from gan_zoo.data.transforms import Mode, Placement
from gan_zoo.errors import UserError

Order = Shuffled | InOrder


class Album:
    """Reads pictures, from memory where they have been kept (decoded, whole files)."""

    def __init__(self) -> None:
        self.kept: dict[Path, Picture] = {}

    def __call__(self, source: Source) -> Picture:
        """The picture of a source. Raises ``UserError`` naming the file."""
        picture = self.kept.get(source.path)
        return strip(source.reader(source.path) if picture is None else picture, source.strip, source.strips)


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


def order_of(count: int, tag: str, shot: Shot) -> Order:
    """Shuffled pass by pass in training, else in order."""
    return Shuffled(count, shot.seed, tag) if shot.augment else InOrder(count)
