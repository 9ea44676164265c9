"""Norms by what they do to numbers."""

import pytest
import torch
from torch import nn

from gan_zoo.layers.norm import batch_norm, instance_norm, merges_images, no_norm, sync_batch_norm, wants_bias
from gan_zoo.layers.spectral import SpectralConv2d


def test_batch_norm_uses_the_batch_in_training_and_its_memory_in_evaluation() -> None:
    norm, x = batch_norm(2), 3 + 2 * torch.randn(8, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    y = norm(x)
    torch.testing.assert_close(y.mean((0, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var((0, 2, 3), correction=0), torch.ones(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(norm.running_mean, 0.1 * x.mean((0, 2, 3)))
    assert not torch.allclose(norm.eval()(x), y, atol=0.1)


def test_instance_norm_uses_each_image_in_both_modes_and_has_no_state() -> None:
    norm, x = instance_norm(3), torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    y = norm(x)
    torch.testing.assert_close(y.mean((2, 3)), torch.zeros(2, 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(norm.eval()(x), y)
    torch.testing.assert_close(norm(x[:1]), y[:1])
    assert not norm.state_dict()


def test_no_norm_is_the_identity() -> None:
    x = torch.arange(8.0).view(1, 2, 2, 2)
    assert torch.equal(no_norm(2)(x), x)


def test_synchronised_batch_norm_is_batch_norm_where_there_is_one_process() -> None:
    x = torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(sync_batch_norm(2)(x), batch_norm(2)(x))


@pytest.mark.parametrize(
    ("norm", "bias"), [(batch_norm, False), (sync_batch_norm, False), (no_norm, False), (instance_norm, True)]
)
def test_only_instance_norm_wants_a_bias_before_it(norm: object, bias: bool) -> None:
    assert wants_bias(norm) is bias


@pytest.mark.parametrize(
    ("layer", "merges"),
    [
        *((batch_norm(2), True), (sync_batch_norm(2), True), (nn.Dropout(0.5), True), (instance_norm(2), False)),
        (SpectralConv2d(2, 2, 1), True),  # every pass is a power iteration
    ],
)
def test_images_of_a_batch_meet_in_batch_norm_and_dropout(layer: nn.Module, merges: bool) -> None:
    assert merges_images(nn.Sequential(nn.Conv2d(2, 2, 1), nn.Sequential(layer))) is merges
