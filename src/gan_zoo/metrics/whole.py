"""Numbers that others know how to find: a model's own scores, and the truth of data whose truth is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from gan_zoo.metrics.protocol import Found, Measure


@dataclass(frozen=True)
class Scores(Measure):
    """The model's ``scores`` of each batch whose name begins with ``prefix``: cycle and identity error among them."""

    prefix: str = ""

    def chosen(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Those of this prefix."""
        return {name: value for name, value in scores.items() if name.startswith(self.prefix)}

    def found(self, rows: Mapping[str, Tensor]) -> Found:
        """Means over pictures."""
        return Found({name: float(values.double().mean()) for name, values in rows.items()})


class KnowsTruth(Protocol):
    """What data with a known truth give for a split and a direction."""

    def score(self, translations: Tensor, positions: Tensor) -> Mapping[str, float]:
        """Numbers by name, of translations (N, C, H, W) in [-1, 1] of the split's pictures at these positions."""


@dataclass(frozen=True)
class Truth(Measure):
    """How far translations are from the one true translation, as data say that know it."""

    def found(self, truth: KnowsTruth, translations: Tensor, positions: Tensor) -> Found:
        """``truth_<name>`` each."""
        return Found({f"truth_{name}": float(value) for name, value in truth.score(translations, positions).items()})
