from collections.abc import Mapping

import torch
from torch import Tensor

from gan_zoo.metrics.whole import Scores, Truth


class Known:
    def score(self, translations: Tensor, positions: Tensor) -> Mapping[str, float]:
        return {"error": float(translations.mean()), "last": float(positions[-1])}


def test_scores_are_chosen_by_how_their_names_begin() -> None:
    scores = {"cycle_a": torch.tensor([1.0, 3.0]), "idt_a": torch.tensor([5.0])}
    assert Scores("cycle_").found(Scores("cycle_").chosen(scores)).values == {"cycle_a": 2.0}
    assert Scores().chosen(scores) == scores


def test_the_truth_is_what_the_data_say() -> None:
    found = Truth().found(Known(), torch.full((3, 1, 2, 2), 0.5), torch.arange(3))
    assert found.values == {"truth_error": 0.5, "truth_last": 2.0}
