"""Numbers that others know how to find: a model's own scores, and the truth of data whose truth is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from gan_zoo.metrics.protocol import Found, Measure


@dataclass(frozen=True)
class Scores(Measure):
    """The model's ``scores`` of each batch whose name begins with ``prefix``: cycle and identity error among them."""

    higher_is_better = None

    prefix: str = ""

    def chosen(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Those of this prefix."""
        return {name: value for name, value in scores.items() if name.startswith(self.prefix)}

    def found(self, rows: Mapping[str, Tensor]) -> Found:
        """Means over pictures."""
        return Found({name: float(values.double().mean()) for name, values in rows.items()})


class KnowsTruth(Protocol):
    """What data whose truth is known give for a split."""

    @property
    def ways(self) -> Mapping[str, object]:
        """The directions that have true translations."""

    def measures(self, translations: Mapping[str, Tensor], positions: Sequence[int]) -> Mapping[str, Tensor]:
        """``<measure>/<way>`` of each input, (N,), of one (N, 3, H, H) or several translations (N, S, 3, H, H)."""


@dataclass(frozen=True)
class Truth(Measure):
    """How far translations are from the true ones, as data say that know them.

    ``outputs``: translations of each input; None is 12 for models that draw styles, else 1. Measures that the data also
    know of the inputs themselves are given as a share of those too: ``…_of_identity``.
    """

    higher_is_better = None

    outputs: int | None = None

    def found(self, rows: Mapping[str, Tensor]) -> Found:
        """``truth_<measure>`` each: means over pictures."""
        means = {name: float(values.double().mean()) for name, values in rows.items()}
        inputs = {
            name.removeprefix("identity_"): value for name, value in means.items() if name.startswith("identity_")
        }
        found = {f"truth_{name}": value for name, value in means.items() if not name.startswith("identity_")}
        shares = {f"truth_{name}_of_identity": means[name] / value for name, value in inputs.items() if value > 0}
        return Found({**found, **shares})
