"""What a measure is: the material that it needs, the numbers that it finds, and all that they depend on.

A measure is a frozen dataclass whose fields are its protocol. It is given what others have collected (features of two
sets of pictures, values of pairs) of all ranks together, in the order of the data, each sample once: so no measure
counts, gathers or waits, and one pass of a network serves every measure that looks through it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from gan_zoo.errors import UserError


class Unmeasurable(UserError):
    """These numbers cannot be had here; others can. One line: what is missing, and what to do."""


class Judge(Protocol):
    """A network that others have trained, and that measures look through."""

    name: str

    def prepare(self, device: torch.device) -> None:
        """Read the weights, if that has not been done, and go to a device.

        Raises:
            Unmeasurable: there are none.
        """

    def protocol(self) -> dict[str, Any]:
        """Which network, which weights, and what it does to pictures before it looks."""

    def __call__(self, *pictures: Tensor) -> Any:
        """uint8 pictures (N, 3, H, W) to what it sees of them; some judges compare two batches."""


@dataclass(frozen=True)
class Found:
    """Numbers by key, the one to go by first, and what they depend on besides the measure's own fields."""

    values: Mapping[str, float]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sets:
    """What was collected of one direction or of samples: rows by picture, ``real`` and ``source`` where asked for."""

    fake: Tensor
    real: Tensor
    source: Tensor
    seed: int = 0


@dataclass(frozen=True)
class Pairs:
    """Translations and the pictures that they ought to be: (N, C, H, W) in [-1, 1], and uint8 (N, 3, H, W) as seen."""

    fake: Tensor
    target: Tensor
    seen_fake: Tensor
    seen_target: Tensor
    batch: Mapping[str, Tensor]  # of the data, what it was translated from among it


class Measure:
    """The base of all; subclasses are frozen dataclasses."""

    judge: Judge | None = None
    higher_is_better: ClassVar[bool | None] = False  # None: of some of its numbers the one, of others the other

    places: Sequence[str] = ()  # the only directions that it is of, as its judge knows no other target; () for all

    def is_of(self, place: str) -> bool:
        """Whether it means something in this direction."""
        return not self.places or place in self.places

    def protocol(self) -> dict[str, Any]:
        """Every field but the judge, and the judge's own protocol."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "judge"}  # type: ignore[arg-type]
        judge = {"judge": self.judge.protocol()} if self.judge is not None else {}
        way = {} if self.higher_is_better is None else {"higher_is_better": self.higher_is_better}
        return {"measure": type(self).__name__, **way, **own, **judge}

    def needed(self) -> Judge | None:
        """The judge.

        Raises:
            Unmeasurable: it is one that the user has to give, and has not.
        """
        return self.judge


class OfSets(Measure):
    """Made pictures against real ones, whatever belongs to whatever.

    Given what its judge sees of every picture, or the uint8 pictures themselves. ``layer``: which of the judge's
    outputs (where it has but one: that).
    """

    layer: str = ""
    looks_at_sources: ClassVar[bool] = False
    looks_at_reals: ClassVar[bool] = True
    fewest: ClassVar[int] = 2  # pictures in each set

    def found(self, sets: Sets) -> Found:
        """The numbers.

        Raises:
            Unmeasurable: too few pictures.
        """
        raise NotImplementedError

    def named(self, stem: str, rows: Tensor) -> str:
        """A key that says through what was looked: ``fid_inception_2048``."""
        return f"{stem}_{self.judge.name}_{rows.shape[1]}" if self.judge is not None else stem


class OfPairs(Measure):
    """Translations against their true counterparts, one by one."""

    def each(self, pairs: Pairs) -> Tensor:
        """A row a pair: (N, …)."""
        raise NotImplementedError

    def found(self, rows: Tensor) -> Found:
        """Their mean over pictures."""
        return Found({self.key: float(rows.double().mean())})

    @property
    def key(self) -> str:
        """What the number is called."""
        raise NotImplementedError


class OfVariations(Measure):
    """Several translations of each input. ``inputs``: at most so many; ``outputs``: of each."""

    inputs: int
    outputs: int

    def each(self, outputs: Tensor) -> Tensor:
        """uint8 (N, outputs, 3, H, W) to a row an input."""
        raise NotImplementedError

    def found(self, rows: Tensor) -> Found:
        """The numbers of all rows."""
        raise NotImplementedError


class Space(Protocol):
    """A latent space of a generator of pictures."""

    name: str

    def codes(self, numbers: Sequence[int], seed: int) -> Tensor:
        """The codes (N, D) of these samples."""

    def render(self, codes: Tensor) -> Tensor:
        """Pictures (N, C, S, S) in about [-1, 1], with the same noise for all of a call."""


class OfSpaces(Measure):
    """A property of a latent space. ``samples``: how many are drawn."""

    samples: int

    def each(self, space: Space, numbers: Sequence[int], seed: int) -> dict[str, Tensor]:
        """Rows of samples by their numbers."""
        raise NotImplementedError

    def found(self, space: str, rows: Mapping[str, Tensor]) -> Found:
        """The numbers of a space by its name."""
        raise NotImplementedError


def chosen(outputs: Tensor | Mapping[str, Tensor], layer: str) -> Tensor:
    """One of a judge's outputs, as rows (N, D).

    Raises:
        UserError: it has several, and none of that name.
    """
    if isinstance(outputs, Tensor):
        return outputs.flatten(1)
    if layer in outputs:
        return outputs[layer].flatten(1)
    if len(outputs) == 1:
        return next(iter(outputs.values())).flatten(1)
    raise UserError(f"the judge has no output {layer}: there are {', '.join(outputs)}")


def enough(what: str, count: int, fewest: int) -> None:
    """Refuse a set that is too small.

    Raises:
        Unmeasurable: it is.
    """
    if count < fewest:
        raise Unmeasurable(f"{what} needs at least {fewest}, and there are {count}: take a larger set")


def finite(rows: Tensor, what: str) -> Tensor:
    """The same rows.

    Raises:
        UserError: some are NaN or infinite.
    """
    good = torch.isfinite(rows).reshape(len(rows), -1).all(dim=1)
    if not good.all():
        bad = f"{what}: {int((~good).sum())} of {len(rows)} are not finite"
        raise UserError(f"{bad}: look at the pictures, or at the network's weights")
    return rows


def unit(pictures: Tensor) -> Tensor:
    """uint8 to float32 in [-1, 1]."""
    return pictures.float() / 127.5 - 1
