"""Means over instances."""

import time

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from gan_zoo.layers.instance_pool import instance_mean


def one_by_one(features: Tensor, instance: Tensor) -> Tensor:
    """The definition: id by id, image by image, channel by channel."""
    out = features.clone()
    for n in range(len(features)):
        for i in instance[n].unique():
            mask = instance[n, 0] == i
            for c in range(features.shape[1]):
                out[n, c][mask] = features[n, c][mask].mean()
    return out


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("factor", [1, 1000, 2**22, -3], ids=["small", "16 bit", "32 bit", "negative"])
def test_every_pixel_becomes_the_mean_of_its_instance(factor: int) -> None:
    instance = torch.randint(0, 5, (2, 1, 6, 7), generator=torch.Generator().manual_seed(1)) * factor
    features = noise(2, 3, 6, 7)
    torch.testing.assert_close(instance_mean(features, instance), one_by_one(features, instance))


def test_images_of_a_batch_do_not_mix() -> None:
    features = torch.tensor([[[[1.0, 3.0]]], [[[10.0, 30.0]]]])
    torch.testing.assert_close(
        instance_mean(features, torch.zeros(2, 1, 1, 2, dtype=torch.int32)),
        torch.tensor([[[[2.0, 2.0]]], [[[20.0, 20.0]]]]),
    )


@pytest.mark.parametrize("factor", [1, 2**22])
def test_gradients_flow_through_the_means(factor: int) -> None:
    instance = torch.randint(0, 4, (2, 1, 4, 5), generator=torch.Generator().manual_seed(1)) * factor
    features = noise(2, 2, 4, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: instance_mean(x, instance), (features,))


def test_half_precision_is_summed_in_single() -> None:
    features = torch.full((1, 1, 64, 64), 3.0, dtype=torch.bfloat16)
    mean = instance_mean(features, torch.zeros(1, 1, 64, 64, dtype=torch.int64))
    assert mean.dtype == torch.bfloat16
    assert (mean == 3).all()


class Calls(TorchDispatchMode):
    """Counts operations."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.count += 1
        return func(*args, **(kwargs or {}))


def test_more_instances_are_no_more_operations() -> None:
    counts = []
    for ids in (2, 200):
        instance = torch.arange(64 * 64).view(1, 1, 64, 64) % ids
        with Calls() as calls:
            instance_mean(torch.ones(1, 3, 64, 64), instance)
        counts.append(calls.count)
    assert counts[0] == counts[1] < 40


def test_200_instances_of_a_large_map_take_milliseconds() -> None:
    """10 ms is the aim on an idle core; a loop over ids takes a hundred times as long."""
    instance = torch.randint(0, 200, (1, 1, 512, 1024), generator=torch.Generator().manual_seed(0)) * 165
    features, times = torch.ones(1, 3, 512, 1024), []
    for _ in range(5):
        start = time.perf_counter()
        instance_mean(features, instance)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1
