"""VGG features under torchvision's keys."""

import torch
from torch import nn
from torchvision.models import vgg16, vgg19

from gan_zoo.networks.vgg import VGG, VGG16, VGG19, CaffeVGG16


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


def test_vgg16_has_torchvisions_keys_and_one_pooling_less() -> None:
    with torch.device("meta"):
        ours, theirs = VGG16().network(), vgg16(weights=None)
    wanted = {key: value.shape for key, value in theirs.state_dict().items()}
    assert all(wanted[key] == value.shape for key, value in ours.state_dict().items())
    assert len(ours.state_dict()) == 2 * 13
    differing = [i for i, layer in enumerate(ours.features) if type(layer) is not type(theirs.features[i])]
    assert [type(ours.features[i]) for i in differing] == [nn.Identity]
    assert ours(torch.empty(1, 3, 32, 48, device="meta"))[0].shape == (1, 512, 4, 6)  # stride 8


def test_vgg16_sees_pictures_as_imagenets_were_shown() -> None:
    colour = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    net = VGG16().network()
    torch.testing.assert_close(net.prepared(2 * colour - 1), torch.zeros(1, 3, 1, 1), atol=1e-6, rtol=0)
    white = torch.tensor([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]).view(1, 3, 1, 1)
    torch.testing.assert_close(net.prepared(torch.ones(1, 3, 1, 1)), white)


def test_caffes_sees_blue_green_red_of_255() -> None:
    net = CaffeVGG16().network()
    x = torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1)  # red, a half of green, no blue
    expected = torch.tensor([0 - 103.939, 127.5 - 116.779, 255 - 123.68]).view(1, 3, 1, 1)
    torch.testing.assert_close(net.prepared(x), expected, atol=1e-4, rtol=0)
    assert len(CaffeVGG16.renamed) == len(net.state_dict()) == 26
    assert CaffeVGG16.renamed["features.28.weight"] == "conv5_3.weight"
    assert set(CaffeVGG16.renamed) == set(net.state_dict())
