"""Where the code goes (the numbers are golden cases)."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm, no_norm
from gan_zoo.networks.latent_unet import LatentUNet, bilinear, with_code

TINY: dict[str, Any] = {"nz": 3, "n_downs": 3, "ngf": 2}


def test_the_code_is_appended_and_constant() -> None:
    x, z = torch.rand(2, 1, 3, 4), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    y = with_code(x, z)
    assert torch.equal(y[:, :1], x)
    assert y[1, 1:, 2, 3].tolist() == y[1, 1:, 0, 0].tolist() == [3.0, 4.0]


@pytest.mark.parametrize("options", [{}, {"everywhere": False}, {"upsample": bilinear}, {"norm": no_norm}])
def test_every_picture_has_its_own_code(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net = LatentUNet(2, 1, **TINY, **options).eval()
    x = torch.rand(1, 2, 16, 16)
    z = torch.randn(2, 3)
    both = net(x.expand(2, -1, -1, -1), z)
    assert both.shape == (2, 1, 16, 16)
    torch.testing.assert_close(both[1:], net(x, z[1:]))
    assert (both[0] - both[1]).abs().max() > 1e-4


@pytest.mark.parametrize(("everywhere", "widths"), [(True, [6, 5, 7]), (False, [6, 2, 4])])
def test_everywhere_is_at_each_level(everywhere: bool, widths: list[int]) -> None:
    net = LatentUNet(**TINY, everywhere=everywhere)
    assert [layer.in_channels for layer in net.down.modules() if isinstance(layer, nn.Conv2d)] == widths


def test_without_numbers_there_is_no_code() -> None:
    net = LatentUNet(1, 1, nz=0, n_downs=3, ngf=2)
    assert not net.everywhere
    assert net(torch.zeros(1, 1, 8, 8)).shape == (1, 1, 8, 8)


@torch.no_grad()
def test_the_skip_is_activated_only_where_the_code_is_at_the_picture_alone() -> None:
    torch.manual_seed(0)
    for everywhere, slope in ((True, 1.0), (False, 0.2)):
        net = LatentUNet(1, 1, **TINY, everywhere=everywhere, activation=partial(nn.LeakyReLU, 0.2))
        seen: dict[str, torch.Tensor] = {}
        net.down[0].register_forward_hook(lambda _, __, y, seen=seen: seen.update(first=y.clone()))
        net.up[-1].register_forward_pre_hook(lambda _, x, seen=seen: seen.update(joined=x[0].clone()))
        net(torch.rand(1, 1, 8, 8), torch.randn(1, 3))
        first = seen["first"]
        torch.testing.assert_close(seen["joined"][:, 2:], torch.where(first < 0, slope * first, first))


def test_dropout_is_in_the_middle() -> None:
    for n_downs, count in ((8, 3), (7, 2)):
        net = LatentUNet(n_downs=n_downs, ngf=1, dropout=True)
        assert sum(isinstance(layer, nn.Dropout) for layer in net.modules()) == count
        assert not isinstance(net.up[0][-1], nn.Dropout)


def test_all_convolutions_have_biases() -> None:
    for layer in LatentUNet(**TINY, norm=batch_norm).modules():
        assert not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) or layer.bias is not None


def test_other_sizes_are_one_line() -> None:
    with pytest.raises(UserError, match=r"multiples of 8, not 12x8: set data\.crop_size"):
        LatentUNet(**TINY)(torch.zeros(1, 3, 8, 12), torch.zeros(1, 3))
