"""Spectral norm (one pass's numbers are golden cases)."""

import pytest
import torch
from torch import nn

from gan_zoo.layers.init import Normal
from gan_zoo.layers.spectral import NormedConv2d, NormedLinear, SpectralConv2d


def test_the_weight_in_use_approaches_spectral_norm_one() -> None:
    torch.manual_seed(0)
    conv = SpectralConv2d(3, 5, 3).double()
    conv.bias.data.zero_()
    for _ in range(200):
        conv(torch.zeros(1, 3, 3, 3, dtype=torch.float64))
    kernels = torch.eye(27, dtype=torch.float64).view(27, 3, 3, 3)
    matrix = conv(kernels).view(27, 5)
    assert torch.linalg.matrix_norm(matrix, ord=2).item() == pytest.approx(1.0, abs=1e-6)


def test_every_pass_iterates_also_in_evaluation_and_two_passes_can_be_differentiated() -> None:
    torch.manual_seed(0)
    conv, x = SpectralConv2d(2, 4, 3, stride=2).eval(), torch.randn(1, 2, 7, 7)
    before = conv.weight_u.clone()
    first = conv(x)
    assert not torch.equal(conv.weight_u, before)
    (first.sum() + conv(x).sum()).backward()
    assert first.shape == (1, 4, 3, 3)
    assert conv.weight_bar.grad is not None
    assert conv.weight_u.grad is None


def test_initialisations_leave_it_alone() -> None:
    conv = SpectralConv2d(2, 4, 3)
    before = conv.weight_bar.clone()
    Normal(0.02)(conv)
    assert torch.equal(conv.weight_bar, before)


def test_dividing_the_output_is_pytorchs_classic_spectral_norm() -> None:
    torch.manual_seed(0)
    ours, theirs = NormedConv2d(3, 5, 4, stride=2).double(), nn.Conv2d(3, 5, 4, stride=2).double()
    theirs = torch.nn.utils.spectral_norm(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 9, 9, dtype=torch.float64)
    for training in (True, True, False):
        ours.train(training)
        theirs.train(training)
        torch.testing.assert_close(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    torch.testing.assert_close(ours.weight_orig.grad, theirs.weight_orig.grad)
    torch.testing.assert_close(ours.weight_u, theirs.weight_u)


def test_a_row_is_divided_by_its_length() -> None:
    torch.manual_seed(0)
    layer = NormedLinear(4, 1)
    unit = layer.weight_orig / layer.weight_orig.norm()
    x = torch.randn(3, 4)
    torch.testing.assert_close(layer(x).abs(), (x @ unit.T).abs())
