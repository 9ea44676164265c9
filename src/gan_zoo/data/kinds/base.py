"""What a kind of data offers to the datamodule, and the problems that its pictures may have."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from gan_zoo.data.folders import Layout, Source, Split
from gan_zoo.data.images import Header
from gan_zoo.data.samples import Album, Images, Shot
from gan_zoo.data.transforms import Mode
from gan_zoo.data.views import Plain, View
from gan_zoo.errors import UserError

Headers = Mapping[Path, Header | UserError]
Problem = tuple[int, str]  # the number of a sample (of domain A, B or the pair) and what is wrong with it


@dataclass
class Problems:
    """Problems of domain A and B, or, where B has none of its own, of samples as a whole."""

    a: list[Problem] = field(default_factory=list)
    b: list[Problem] = field(default_factory=list)

    def without(self, split: Split, together: bool) -> Split:
        """The split without the samples that have problems; partners leave together."""
        bad_a, bad_b = ({number for number, _ in side} for side in (self.a, self.b))
        if together:
            bad = bad_a | bad_b
            return split.each(lambda side: _left(side, bad))
        return Split(_left(split.a, bad_a), _left(split.b, bad_b))

    def messages(self) -> list[str]:
        """All messages, each once."""
        return list(dict.fromkeys(message for _, message in (*self.a, *self.b)))


def _left(side: tuple[Source, ...], bad: set[int]) -> tuple[Source, ...]:
    return tuple(source for i, source in enumerate(side) if i not in bad)


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

    @property
    def sides(self) -> Mapping[str, str]:
        """What a world that is drawn puts on the sides of a split: its pictures' names by side."""
        return {"a": "a", "b": "b"}

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
