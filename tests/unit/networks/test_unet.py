"""The U-Net: what skips carry, where it drops out, which sizes it takes (its numbers are golden cases)."""

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm, instance_norm, no_norm
from gan_zoo.networks.unet import UNet


@torch.no_grad()
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 3), (3, 1), (5, 2)])
def test_any_number_of_channels(inputs: int, outputs: int) -> None:
    y = UNet(inputs, outputs, n_downs=4, ngf=2)(torch.randn(2, inputs, 16, 32))
    assert y.shape == (2, outputs, 16, 32)
    assert y.abs().max() <= 1


@torch.no_grad()
@pytest.mark.parametrize("skips", [True, False])
def test_without_skips_everything_passes_through_the_bottleneck(skips: bool) -> None:
    torch.manual_seed(0)
    net = UNet(1, 1, n_downs=4, ngf=2, norm=no_norm, dropout=False, skips=skips)
    closed = net.up[0].register_forward_hook(lambda layer, x, y: torch.zeros_like(y))
    one, other = net(torch.zeros(1, 1, 16, 16)), net(torch.ones(1, 1, 16, 16))
    assert torch.equal(one, other) is not skips
    closed.remove()
    assert not torch.equal(net(torch.zeros(1, 1, 16, 16)), net(torch.ones(1, 1, 16, 16)))


@pytest.mark.parametrize(("n_downs", "count"), [(5, 0), (6, 1), (7, 2), (8, 3)])
def test_how_many_levels_drop_out(n_downs: int, count: int) -> None:
    net = UNet(n_downs=n_downs, ngf=1)
    assert sum(isinstance(layer, nn.Dropout) for layer in net.modules()) == count
    assert not any(isinstance(layer, nn.Dropout) for layer in net.up[0])  # never the innermost
    assert not any(isinstance(layer, nn.Dropout) for layer in UNet(n_downs=n_downs, ngf=1, dropout=False).modules())


@pytest.mark.parametrize(("norm", "biases"), [(batch_norm, 1), (no_norm, 1), (instance_norm, 8)])
def test_biases_beside_the_last_only_with_instance_norm(norm: object, biases: int) -> None:
    net = UNet(n_downs=4, ngf=1, norm=norm)
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    assert sum(conv.bias is not None for conv in convolutions) == biases
    assert net.up[-1][1].bias is not None


@pytest.mark.parametrize("size", [(16, 24), (24, 16), (8, 16), (17, 17)])
def test_other_sizes_are_refused_in_one_line(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=rf"multiples of 16, not {size[1]}x{size[0]}: .*crop_size"):
        UNet(n_downs=4, ngf=1)(torch.zeros(1, 3, *size))


def test_the_input_stays_as_it_is() -> None:
    x = torch.randn(1, 3, 16, 16)
    before = x.clone()
    y: Tensor = UNet(n_downs=4, ngf=2)(x)
    y.sum().backward()
    assert torch.equal(x, before)
