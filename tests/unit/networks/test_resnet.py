"""The residual generator (its numbers are golden cases)."""

import pytest
import torch
from torch import nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm, instance_norm, no_norm
from gan_zoo.networks.resnet import ResNet


@torch.no_grad()
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 3), (3, 1), (5, 2)])
def test_any_number_of_channels(inputs: int, outputs: int) -> None:
    y = ResNet(inputs, outputs, n_blocks=1, ngf=2)(torch.randn(2, inputs, 12, 16))
    assert y.shape == (2, outputs, 12, 16)
    assert y.abs().max() <= 1


@torch.no_grad()
def test_without_gradients_sides_are_rounded_up_to_multiples_of_4() -> None:
    assert ResNet(n_blocks=1, ngf=2)(torch.zeros(1, 3, 9, 14)).shape == (1, 3, 12, 16)


@pytest.mark.parametrize(("height", "width"), [(30, 32), (32, 30), (4, 32)])
def test_in_training_such_sizes_are_refused_in_one_line(height: int, width: int) -> None:
    with pytest.raises(UserError, match=rf"multiples of 4, from 8 px on, not {width}x{height}: set data.crop_size"):
        ResNet(n_blocks=1, ngf=2)(torch.zeros(1, 3, height, width))


def test_the_number_of_blocks_and_of_dropouts() -> None:
    assert len(ResNet(n_blocks=6, ngf=1).blocks) == 6
    dropouts = [layer for layer in ResNet(n_blocks=3, ngf=1, dropout=True).modules() if isinstance(layer, nn.Dropout)]
    assert [layer.p for layer in dropouts] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("norm", "biases"), [(batch_norm, 1), (no_norm, 1), (instance_norm, 8)])
def test_biases_beside_the_last_only_with_instance_norm(norm: object, biases: int) -> None:
    net = ResNet(n_blocks=1, ngf=1, norm=norm)
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    assert sum(conv.bias is not None for conv in convolutions) == biases
    assert net.decoder[-2].bias is not None
