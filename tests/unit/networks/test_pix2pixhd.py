"""Generators and encoder of pix2pixHD beyond their golden cases."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm
from gan_zoo.networks.pix2pixhd import FeatureEncoder, GlobalGenerator, LocalEnhancer

SMALL: dict[str, Any] = {"n_downs": 2, "n_blocks": 1, "ngf": 4}
NETWORKS = {
    "global": partial(GlobalGenerator, 5, 3, **SMALL),
    "one enhancer": partial(LocalEnhancer, 5, 3, **SMALL, n_local_blocks=1),
    "three enhancers": partial(LocalEnhancer, 5, 3, **SMALL, n_local_blocks=1, n_enhancers=3),
    "encoder": partial(FeatureEncoder, 5, 3, n_downs=2, nef=4),
}


def picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 5, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("name", NETWORKS)
def test_the_smallest_size_comes_back_in_range(name: str) -> None:
    net = NETWORKS[name]()
    assert net.smallest % net.stride == 0
    out = net(picture(net.smallest, net.smallest + net.stride))
    assert out.shape == (1, 3, net.smallest, net.smallest + net.stride)
    assert out.abs().max() < 1


@pytest.mark.parametrize("name", NETWORKS)
def test_a_size_that_would_not_come_back_is_refused(name: str) -> None:
    net = NETWORKS[name]()
    for height, width in ((net.smallest + 1, net.smallest), (net.smallest - net.stride, net.smallest)):
        with pytest.raises(UserError, match=f"multiples of {net.stride}, from {net.smallest} px on, not {width}x"):
            net(picture(height, width))


@pytest.mark.parametrize("name", NETWORKS)
def test_computing_again_gives_the_same_gradients_for_less_memory(name: str) -> None:
    gradients, kept = [], []
    for recompute in (False, True):
        torch.manual_seed(0)
        net, bytes_kept = NETWORKS[name](recompute=recompute), [0]

        def note(x: torch.Tensor, count: list[int] = bytes_kept) -> torch.Tensor:
            count[0] += x.numel()
            return x

        with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
            y = net(picture(64, 64).requires_grad_()).square().mean()
        kept.append(bytes_kept[0])
        y.backward()
        gradients.append([p.grad for p in net.parameters()])
    for plain, again in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, again)
    assert kept[1] < 0.7 * kept[0]


def test_every_convolution_has_a_bias_also_with_batch_norm() -> None:
    for build in NETWORKS.values():
        net = build(norm=batch_norm)
        convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        assert all(conv.bias is not None for conv in convolutions)
        assert any(isinstance(m, nn.BatchNorm2d) for m in net.modules())


def test_coarse_is_everything_but_the_outermost_enhancer() -> None:
    net = NETWORKS["three enhancers"]()
    fine = {id(p) for p in net.enhancers[-1].parameters()}
    assert {id(p) for p in net.coarse()} == {id(p) for p in net.parameters()} - fine
    assert len(list(NETWORKS["global"]().coarse())) == len(list(NETWORKS["global"]().parameters()))


def test_a_trunk_keeps_its_names_when_an_enhancer_is_put_around_it() -> None:
    inner = GlobalGenerator(5, 3, n_downs=2, n_blocks=1, ngf=8).state_dict()
    outer = NETWORKS["one enhancer"]().state_dict()
    taken = {name for name, value in inner.items() if name in outer and outer[name].shape == value.shape}
    assert taken == {name for name in inner if name.startswith("trunk.")}
