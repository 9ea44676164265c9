import pytest
import torch

from gan_zoo.metrics.whole import Scores, Truth


def test_scores_are_chosen_by_how_their_names_begin() -> None:
    scores = {"cycle_a": torch.tensor([1.0, 3.0]), "idt_a": torch.tensor([5.0])}
    assert Scores("cycle_").found(Scores("cycle_").chosen(scores)).values == {"cycle_a": 2.0}
    assert Scores().chosen(scores) == scores


def test_the_truth_is_a_mean_and_a_share_of_what_inputs_get() -> None:
    rows = {"l1": torch.tensor([0.2, 0.4]), "identity_l1": torch.tensor([0.5, 0.7]), "recovered": torch.ones(2)}
    found = Truth().found(rows).values
    expected = {"truth_l1": 0.3, "truth_recovered": 1.0, "truth_l1_of_identity": 0.5}
    assert found == pytest.approx(expected)
