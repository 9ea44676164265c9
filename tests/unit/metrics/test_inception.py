"""Scores of made-up probabilities (a case of the reference's script is golden)."""

import math

import pytest
import torch

from gan_zoo.metrics.inception import conditional_inception_score, inception_score

SURE = torch.eye(4, dtype=torch.float64)


def test_every_mode_plainly_is_the_logarithm_of_their_number() -> None:
    each_input_all_modes = SURE.expand(3, 4, 4)
    assert conditional_inception_score(each_input_all_modes).item() == pytest.approx(math.log(4))
    assert inception_score(each_input_all_modes).item() == pytest.approx(math.log(4))


def test_one_mode_an_input_scores_nothing_conditionally() -> None:
    one_each = SURE[:, None].expand(4, 5, 4)
    assert conditional_inception_score(one_each).item() == pytest.approx(0.0)
    assert inception_score(one_each).item() == pytest.approx(math.log(4))


def test_doubt_scores_nothing_at_all() -> None:
    unsure = torch.full((3, 5, 4), 0.25, dtype=torch.float64)
    assert conditional_inception_score(unsure).item() == pytest.approx(0.0)
    assert inception_score(unsure).item() == pytest.approx(0.0)
