"""Measures of several translations of each input: LPIPS diversity and conditional Inception score."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_zoo.metrics.inception import conditional_inception_score, inception_score
from gan_zoo.metrics.protocol import Found, Judge, OfVariations, Unmeasurable, chosen


@dataclass(frozen=True)
class Diversity(OfVariations):
    """Mean LPIPS of consecutive translations of an input (Zhu et al. 2017; Huang et al. 2018): higher is more diverse.

    The papers' 1,900 pairs: 20 outputs make 19 pairs of each of 100 inputs.
    """

    higher_is_better = True

    judge: Judge
    inputs: int = 100
    outputs: int = 20

    def each(self, outputs: Tensor) -> Tensor:
        """(N,): an input's mean."""
        first, second = (part.flatten(0, 1) for part in (outputs[:, :-1], outputs[:, 1:]))
        distances: Tensor = self.judge(first, second)
        return distances.view(len(outputs), -1).mean(dim=1)

    def found(self, rows: Tensor) -> Found:
        """The mean over inputs."""
        value = float(rows.double().mean())
        return Found({f"diversity_{self.judge.name}": value}, {"pairs_per_input": self.outputs - 1})


@dataclass(frozen=True)
class CIS(OfVariations):
    """Conditional Inception score (Huang et al. 2018, sec. 6.2) and, of the same outputs, Inception score.

    Mean divergences in nats, not exponentiated, as in the paper's table; higher is better. The judge is a classifier of
    the target's modes: logits (N, modes). ``places``: the directions to that target; () for all.
    """

    higher_is_better = True

    judge: Judge | None = None
    layer: str = ""
    inputs: int = 100
    outputs: int = 100
    places: Sequence[str] = ()

    def needed(self) -> Judge:
        """The judge.

        Raises:
            Unmeasurable: none was given.
        """
        if self.judge is None:
            raise Unmeasurable(
                "it needs a classifier of the target's modes: judges.classifier._target_=MODULE.CLASS names one"
            )
        return self.judge

    def each(self, outputs: Tensor) -> Tensor:
        """(N, outputs, modes): probabilities."""
        logits = chosen(self.needed()(outputs.flatten(0, 1)), self.layer)
        return logits.softmax(dim=1).view(len(outputs), -1, logits.shape[1])

    def found(self, rows: Tensor) -> Found:
        """Both scores."""
        name = f"{self.needed().name}_{rows.shape[-1]}"
        scores = {"cis": conditional_inception_score(rows.double()), "cis_is": inception_score(rows.double())}
        return Found({f"{key}_{name}": float(score) for key, score in scores.items()}, {"unit": "nats"})


def stacked(outputs: list[Tensor]) -> Tensor:
    """Translations (N, 3, H, W) one after another as (N, outputs, 3, H, W)."""
    return torch.stack(outputs, dim=1)
