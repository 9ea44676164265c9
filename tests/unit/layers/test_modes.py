"""Testing with dropout and the batch's own statistics."""

import copy
from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist
from torch import nn

from gan_zoo.layers.modes import frozen, full_precision, stochastic_inference, twice_differentiable
from gan_zoo.layers.norm import sync_batch_norm


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.Sequential(nn.Dropout(0.5)), nn.InstanceNorm2d(8))


IMAGES = torch.randn(2, 1, 6, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("training", [True, False])
def test_it_gives_what_training_gives_without_moving_statistics(training: bool) -> None:
    net, reference = network(), network()
    net.train(training)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with stochastic_inference(net):
        torch.manual_seed(7)
        y = net(IMAGES)
    torch.manual_seed(7)
    torch.testing.assert_close(y, reference(IMAGES))
    assert net.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert reference[1].running_mean.any()  # training did move them


def test_modes_return_as_they_were_also_after_an_exception() -> None:
    net = network().eval()
    net[1].train()
    modes = [layer.training for layer in net.modules()]
    with pytest.raises(RuntimeError, match="size"), stochastic_inference(net):
        net(torch.zeros(1, 1, 1, 1))
    assert [layer.training for layer in net.modules()] == modes
    assert all(layer.track_running_stats for layer in net if isinstance(layer, nn.BatchNorm2d))
    expected = (net.eval()[0](IMAGES) / (1 + 1e-5) ** 0.5).mul(net[1].weight[:, None, None])
    torch.testing.assert_close(net[1](net[0](IMAGES)), expected)  # by the running statistics, still 0 and 1


@pytest.fixture
def one_process() -> Iterator[None]:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("one_process")
def test_devices_do_not_wait_for_each_other() -> None:
    """A synchronised batch norm that wanted to talk to the others would refuse the CPU."""
    net = sync_batch_norm(1).train()
    with pytest.raises(ValueError, match="expected input tensor to be on"):
        net(IMAGES)
    with stochastic_inference(net.eval()):
        torch.testing.assert_close(net(IMAGES), nn.BatchNorm2d(1)(IMAGES))


def test_frozen_parameters_get_no_gradient_and_thaw_also_after_an_error() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 1, 3))
    net[0].bias.requires_grad_(False)
    with frozen(net[0].parameters()):
        net(IMAGES).sum().backward()
        assert not net[0](IMAGES).requires_grad
    assert net[0].weight.grad is None
    assert net[1].weight.grad is not None
    with pytest.raises(ZeroDivisionError), frozen(net.parameters()):
        _ = 1 / 0
    assert [p.requires_grad for p in net.parameters()] == [True, False, True, True]


def test_full_precision_inside_autocast() -> None:
    """And on the ``meta`` device, which has no autocast."""
    layer, x = nn.Linear(2, 2), torch.ones(1, 2)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
        with full_precision(x.device):
            assert layer(x).dtype == torch.float32
    with full_precision(torch.device("meta")):
        assert layer.to("meta")(x.to("meta")).shape == (1, 2)


def slopes(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The gradient of the first weight by a penalty on the gradient at ``x``."""
    seen = x.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(net(seen).sum(), seen, create_graph=True)
    return torch.autograd.grad(gradient.square().sum(), next(net.parameters()))[0]


def test_gradients_of_gradients_of_compiled_networks_in_float32() -> None:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(2, 3), nn.Tanh()), torch.ones(1, 2)
    compiled = copy.deepcopy(net)
    compiled.compile(backend="aot_eager")
    expected = slopes(net, x)
    with torch.autocast("cpu", torch.bfloat16), twice_differentiable(x.device):
        assert torch.equal(slopes(compiled, x), expected)
    with pytest.raises(RuntimeError, match="double backward"):  # it is compiled again
        slopes(compiled, x)
