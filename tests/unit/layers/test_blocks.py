"""The residual block, and the block of MUNIT's family."""

import pytest
import torch
from torch import nn

from gan_zoo.layers.adain import AdaIN
from gan_zoo.layers.blocks import ConvBlock, ResidualBlock, double, front, halve, to_image
from gan_zoo.layers.norm import batch_norm, instance_norm, no_norm
from gan_zoo.layers.spectral import SpectralConv2d


def test_it_adds_its_body_to_its_input_without_changing_the_input() -> None:
    block, x = ResidualBlock(3, no_norm), torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    y = block(x)
    assert y.shape == x.shape
    assert torch.equal(x, before)
    assert not torch.allclose(y, x)
    nn.init.zeros_(block.body[-2].weight)
    assert torch.equal(block(x), x)


def test_nothing_is_cut_off_behind_the_sum() -> None:
    assert ResidualBlock(2, instance_norm)(torch.full((1, 2, 4, 4), -5.0)).min() < 0


@pytest.mark.parametrize(("norm", "bias"), [(instance_norm, True), (batch_norm, False), (no_norm, False)])
def test_its_convolutions_have_biases_only_with_instance_norm(norm: object, bias: bool) -> None:
    convolutions = [layer for layer in ResidualBlock(2, norm).body if isinstance(layer, nn.Conv2d)]
    assert [conv.bias is not None for conv in convolutions] == [bias, bias]


def test_dropout_is_drawn_between_the_convolutions_in_training_only() -> None:
    torch.manual_seed(0)
    block, x = ResidualBlock(8, no_norm, dropout=True), torch.randn(1, 8, 6, 6)
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))


def test_a_bias_may_be_asked_for_whatever_the_norm() -> None:
    assert ResidualBlock(2, batch_norm).body[1].bias is None
    assert ResidualBlock(2, batch_norm, bias=True).body[1].bias is not None
    assert ResidualBlock(2, instance_norm, bias=False).body[1].bias is None


def test_the_ends_of_a_generator_change_sizes_and_widths() -> None:
    x = torch.rand(1, 3, 8, 12)
    for layers, shape in (
        (front(3, 4, instance_norm, bias=True), (1, 4, 8, 12)),
        (halve(3, instance_norm, bias=True), (1, 6, 4, 6)),
        (double(3, instance_norm, bias=False), (1, 1, 16, 24)),
        (to_image(3, 2), (1, 2, 8, 12)),
    ):
        y = nn.Sequential(*layers)(x)
        assert y.shape == shape
    assert y.abs().max() < 1


def test_a_block_pads_convolves_normalises_and_cuts_off() -> None:
    torch.manual_seed(0)
    block, x = ConvBlock(2, 3, 3, stride=2, padding=1, norm=instance_norm), torch.randn(1, 2, 6, 8)
    padded = nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")
    torch.testing.assert_close(block(x), nn.functional.instance_norm(block.conv(padded)).relu())
    assert block(x).shape == (1, 3, 3, 4)
    zeros = ConvBlock(2, 3, 3, padding=1, activation=nn.Tanh, pad=nn.ZeroPad2d)
    expected = nn.functional.conv2d(x, zeros.conv.weight, zeros.conv.bias, padding=1).tanh()
    torch.testing.assert_close(zeros(x), expected)


def test_a_blocks_norm_may_take_a_style_and_its_convolution_may_be_another() -> None:
    block, x = ConvBlock(2, 3, 1, norm=AdaIN, activation=nn.Identity), torch.randn(2, 2, 4, 4)
    style = torch.cat([torch.full((2, 3), 5.0), torch.zeros(2, 3)], dim=1)  # shift 5, scale 0
    torch.testing.assert_close(block(x, style), torch.full((2, 3, 4, 4), 5.0))
    assert isinstance(ConvBlock(2, 3, 3, conv=SpectralConv2d).conv, SpectralConv2d)
