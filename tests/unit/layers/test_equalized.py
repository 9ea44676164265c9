"""Weights scaled in use, pixel norm, deviation of a minibatch."""

import pytest
import torch

from gan_zoo.layers.equalized import EqualizedConv2d, EqualizedLinear, minibatch_deviation, pixel_norm


def test_stored_weights_have_deviation_1_and_used_ones_that_of_he() -> None:
    torch.manual_seed(0)
    conv = EqualizedConv2d(64, 256)
    assert conv.weight.std().item() == pytest.approx(1.0, rel=0.01)
    used = conv(torch.eye(64).view(64, 64, 1, 1))
    assert used.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)


def test_a_small_rate_is_in_stored_numbers_and_leaves_the_function_alone() -> None:
    torch.manual_seed(0)
    slow = EqualizedLinear(4, 3, rate=0.01)
    assert slow.weight.std().item() > 30
    fast = EqualizedLinear(4, 3)
    fast.weight.data = slow.weight.data * 0.01
    slow.bias.data.fill_(50.0)
    fast.bias.data.fill_(0.5)
    x = torch.randn(2, 4)
    torch.testing.assert_close(slow(x), fast(x))


def test_pixel_norm_leaves_every_position_with_mean_square_1() -> None:
    x = torch.randn(2, 8, 3, 3, dtype=torch.float64) * 7
    torch.testing.assert_close(pixel_norm(x).square().mean(dim=1), torch.ones(2, 3, 3, dtype=torch.float64))


def test_strided_groups_share_one_number() -> None:
    x = torch.arange(8.0, dtype=torch.float64).view(8, 1, 1, 1).expand(8, 2, 3, 3)
    found = minibatch_deviation(x)[:, 2, 0, 0]
    # Samples 0, 2, 4, 6 and 1, 3, 5, 7: a deviation of sqrt(5) each.
    torch.testing.assert_close(found, torch.full((8,), (5 + 1e-8) ** 0.5, dtype=torch.float64))
    uneven = x.clone()
    uneven[1] += 10
    groups = minibatch_deviation(uneven)[:, 2, 0, 0]
    assert torch.equal(groups[0::2], found[0::2])
    assert (groups[1::2] > found[1]).all()


def test_a_sample_alone_differs_from_nobody() -> None:
    assert minibatch_deviation(torch.randn(1, 2, 4, 4))[0, 2, 0, 0].item() == pytest.approx(1e-4)
