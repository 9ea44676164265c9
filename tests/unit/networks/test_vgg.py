"""VGG features under torchvision's keys."""

import torch
from torchvision.models import vgg19

from gan_zoo.networks.vgg import VGG, VGG19


def test_layers_are_torchvisions() -> None:
    with torch.device("meta"):
        ours, theirs = VGG19().network(), vgg19(weights=None)
    wanted = {key: value.shape for key, value in theirs.state_dict().items()}
    assert all(wanted[key] == value.shape for key, value in ours.state_dict().items())
    for index, layer in enumerate(ours.features):
        assert type(layer) is type(theirs.features[index])
    assert len(ours.features) == 30


def test_the_maps_are_those_behind_the_layers_named() -> None:
    torch.manual_seed(0)
    net = VGG(((4, 4), (8,)), taps=(1, 6))
    assert [type(layer).__name__ for layer in net.features] == ["Conv2d", "ReLU"] * 2 + ["MaxPool2d", "Conv2d", "ReLU"]
    x = torch.rand(2, 3, 8, 12)
    maps = net(x)
    assert [tuple(m.shape) for m in maps] == [(2, 4, 8, 12), (2, 8, 4, 6)]
    torch.testing.assert_close(maps[0], net.features[:2](x))
    torch.testing.assert_close(maps[1], net.features(x))
