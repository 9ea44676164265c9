"""Feature matching."""

import pytest
import torch

from gan_zoo.losses.feature_matching import distance, feature_matching


def maps(*values: float) -> list[torch.Tensor]:
    return [torch.full((1, 2, 3, 3), value, requires_grad=True) for value in values]


def test_mean_over_scales_of_4_over_groups_times_the_sum_of_distances() -> None:
    fake = [maps(1.0, 2.0, 100.0), maps(5.0, 5.0, 100.0)]
    real = [maps(0.0, 0.5, 0.0), maps(5.0, 4.0, 0.0)]
    # the logits, last, do not count; 4 / 2 groups; the mean of 2 scales
    assert feature_matching(fake, real).item() == pytest.approx((2 * (1.0 + 1.5) + 2 * (0.0 + 1.0)) / 2)


def test_reals_are_not_trained() -> None:
    fake, real = [maps(1.0, 1.0)], [maps(0.0, 0.0)]
    feature_matching(fake, real).backward()
    assert fake[0][0].grad is not None
    assert real[0][0].grad is None
    assert fake[0][1].grad is None


def test_half_precision_is_summed_in_single() -> None:
    a = torch.full((1, 1, 300, 300), 0.01, dtype=torch.bfloat16)
    found = distance(a, torch.zeros_like(a))
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(0.01, rel=5e-3)
