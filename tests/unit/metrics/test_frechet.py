"""The distance of sets whose distance is known (the official number is golden)."""

import pytest
import torch

from gan_zoo.metrics.frechet import distance_of_features, frechet_distance, moments

FEATURES = torch.randn(100, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_set_is_no_distance_from_itself() -> None:
    assert frechet_distance(*moments(FEATURES), *moments(FEATURES)).item() == pytest.approx(0, abs=1e-9)


def test_shift_and_scale_have_known_distances() -> None:
    there = moments(FEATURES + 2)
    assert frechet_distance(*moments(FEATURES), *there).item() == pytest.approx(5 * 4)
    mean, covariance = moments(FEATURES - FEATURES.mean(dim=0))
    doubled = frechet_distance(mean, covariance, mean, 4 * covariance)
    assert doubled.item() == pytest.approx(covariance.trace().item())  # of (2 - 1)^2 S


def test_it_is_the_same_both_ways_and_where_there_are_fewer_samples_than_features() -> None:
    few, others = moments(FEATURES[:3]), moments(FEATURES[3:] * 1.5)
    assert frechet_distance(*few, *others).item() == pytest.approx(frechet_distance(*others, *few).item(), rel=1e-6)


def test_covariances_are_over_n_minus_one_in_float64() -> None:
    mean, covariance = moments(torch.tensor([[1.0], [3.0]]))
    assert (mean.item(), covariance.item(), covariance.dtype) == (2.0, 2.0, torch.float64)


@pytest.mark.parametrize(("first", "second"), [(4, 3), (3, 40), (30, 50)])
def test_features_may_be_few_or_many(first: int, second: int) -> None:
    one, other = FEATURES[:first, :], 1.5 * FEATURES[50 : 50 + second] + 0.3
    expected = frechet_distance(*moments(one), *moments(other)).item()
    assert distance_of_features(one, other).item() == pytest.approx(expected, rel=1e-6, abs=1e-6)
