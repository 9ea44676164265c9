"""Initial weights: which layers are drawn and which are left alone (their statistics are golden cases)."""

import math

import pytest
import torch
from torch import nn

from gan_zoo.layers.init import Initialisation, Kaiming, Normal, Orthogonal, Untouched, Xavier
from gan_zoo.layers.spectral import SpectralConv2d


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(16, 32, 3),
        nn.BatchNorm2d(32),
        nn.ConvTranspose2d(32, 16, 4),
        nn.InstanceNorm2d(16),
        nn.Linear(64, 64),
    )


@pytest.mark.parametrize(
    ("init", "std"),
    [
        (Normal(0.5), 0.5),
        (Xavier(0.5), 0.5 * math.sqrt(2 / (16 * 9 + 32 * 9))),
        (Kaiming(0.5), math.sqrt(2 / (16 * 9))),
    ],
)
def test_the_spread_of_a_convolution(init: Initialisation, std: float) -> None:
    torch.manual_seed(0)
    weight = init(network())[0].weight
    assert weight.std().item() == pytest.approx(std, rel=0.05)
    assert abs(weight.mean().item()) < std / 20


def test_orthogonal_weights_are_orthogonal() -> None:
    torch.manual_seed(0)
    weight = Orthogonal(0.5)(network())[4].weight
    torch.testing.assert_close(weight @ weight.T, 0.25 * torch.eye(64), atol=1e-5, rtol=0)


@pytest.mark.parametrize("init", [Normal(), Xavier(), Kaiming(), Orthogonal()])
def test_every_bias_is_zero_and_batch_norm_is_about_one(init: Initialisation) -> None:
    torch.manual_seed(0)
    net = network()
    assert init(net) is net
    assert all(not bias.any() for name, bias in net.named_parameters() if name.endswith("bias"))
    assert net[1].weight.mean().item() == pytest.approx(1, abs=0.02)
    assert net[1].weight.std().item() == pytest.approx(0.02, rel=0.4)


def test_layers_of_a_branch_are_drawn_in_their_order() -> None:
    drawn, again = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)
    torch.manual_seed(0)
    Normal()(nn.ModuleList([nn.Sequential(drawn)]))
    torch.manual_seed(0)
    Normal()(again)
    assert torch.equal(drawn.weight, again.weight)


def test_synchronised_batch_norm_and_norms_without_weights_stay_as_they_are() -> None:
    net = nn.Sequential(nn.SyncBatchNorm(4), nn.BatchNorm2d(4, affine=False), nn.InstanceNorm2d(4))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    Normal()(net)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def test_an_initialisation_must_say_how_it_draws() -> None:
    with pytest.raises(NotImplementedError, match="Initialisation"):
        Initialisation()(network())


def test_biases_may_stay_as_pytorch_draws_them() -> None:
    torch.manual_seed(0)
    net = network()
    before = {name: p.clone() for name, p in net.named_parameters()}
    Normal(0.02, biases=False)(net)
    assert torch.equal(net[0].bias, before["0.bias"])
    assert torch.equal(net[4].bias, before["4.bias"])
    assert not torch.equal(net[0].weight, before["0.weight"])
    assert not net[1].bias.any()


def test_norms_may_be_left_as_they_are() -> None:
    torch.manual_seed(0)
    net = Normal(0.5, norms=False)(network())
    assert torch.equal(net[1].weight, torch.ones(32))
    assert torch.equal(net[1].bias, torch.zeros(32))
    assert net[0].weight.std().item() == pytest.approx(0.5, rel=0.05)
    assert not net[0].bias.any()


def test_nothing_may_be_drawn() -> None:
    net = network()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    assert Untouched()(net) is net
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def test_spectrally_normalised_convolutions_keep_their_own() -> None:
    layer = SpectralConv2d(3, 4, 3)
    before = layer.weight_bar.detach().clone()
    Kaiming(norms=False)(nn.Sequential(layer))
    assert torch.equal(layer.weight_bar, before)
