"""The perceptual distance."""

import pytest
import torch

from gan_zoo.losses.perceptual import VGG19_WEIGHTS, perceptual


def test_a_weighted_sum_of_mean_absolute_differences() -> None:
    fake = [torch.full((1, 2, side, side), 1.0 + side, requires_grad=True) for side in (8, 4, 2)]
    real = [torch.ones(1, 2, side, side, requires_grad=True) for side in (8, 4, 2)]
    found = perceptual(fake, real, weights=(0.25, 0.5, 1.0))
    assert found.item() == pytest.approx(0.25 * 8 + 0.5 * 4 + 2)
    found.backward()
    torch.testing.assert_close(fake[0].grad, torch.full((1, 2, 8, 8), 0.25 / 128))
    assert real[0].grad is None


def test_the_deepest_map_counts_most_and_each_needs_its_weight() -> None:
    assert VGG19_WEIGHTS == (0.03125, 0.0625, 0.125, 0.25, 1.0)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        perceptual([torch.zeros(1)], [torch.zeros(1)])
