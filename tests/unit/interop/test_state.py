"""State dicts of other programs, put into a network whole or not at all."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.interop import state

PATHS = [("0", "model.0"), ("1", "model.2"), ("2", "model.9")]


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.InstanceNorm2d(2))


def theirs() -> dict[str, Tensor]:
    torch.manual_seed(1)
    source = network()
    source[1].running_mean.fill_(0.5)
    source[1].num_batches_tracked.fill_(7)
    return state.save(source, PATHS)


def loaded(weights: dict[str, Any]) -> dict[str, Tensor]:
    net = network()
    state.load(net, PATHS, weights, "G")
    return state.save(net, PATHS)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return list(one) == list(other) and all(map(torch.equal, one.values(), other.values()))


def test_saving_gives_their_keys_in_their_order() -> None:
    assert list(theirs()) == [
        *("model.0.weight", "model.0.bias", "model.2.weight", "model.2.bias"),
        *("model.2.running_mean", "model.2.running_var", "model.2.num_batches_tracked"),
    ]
    assert not any(value.requires_grad for value in theirs().values())


def test_loading_is_the_inverse_of_saving() -> None:
    assert same(loaded(theirs()), theirs())
    assert same(loaded(dict(reversed(theirs().items()))), theirs())
    assert same(loaded({key: value.numpy() for key, value in theirs().items()}), theirs())
    assert same(loaded({key: value.double() for key, value in theirs().items()}), theirs())


def test_loading_copies() -> None:
    weights = theirs()
    net = network()
    state.load(net, PATHS, weights, "G")
    weights["model.0.weight"].zero_()
    assert net[0].weight.any()


def test_a_prefix_of_a_wrapped_network_is_taken_off() -> None:
    assert same(loaded({f"module.{key}": value for key, value in theirs().items()}), theirs())


def test_a_prefix_of_some_keys_only_is_not() -> None:
    weights = theirs()
    weights["module.model.0.bias"] = weights.pop("model.0.bias")
    with pytest.raises(UserError, match=r"lack 1 .*model\.0\.bias.* have besides 1 .*module\.model\.0\.bias"):
        loaded(weights)


def test_metadata_is_no_weight() -> None:
    assert same(loaded({**theirs(), "_metadata": {}}), theirs())
    wrapped = {f"module.{key}": value for key, value in theirs().items()}
    assert same(loaded({**wrapped, "_metadata": {}}), theirs())


@pytest.mark.parametrize("count", [2, 3])
def test_statistics_of_instance_norms_are_dropped(count: int) -> None:
    keys = ("running_mean", "running_var", "num_batches_tracked")[:count]
    assert same(loaded({**theirs(), **{f"model.9.{key}": torch.ones(2) for key in keys}}), theirs())


def test_statistics_of_batch_norms_are_not() -> None:
    weights = theirs()
    del weights["model.2.running_mean"]
    with pytest.raises(UserError, match=r"the weights of G do not fit .*lack 1 \(first: model\.2\.running_mean\)"):
        loaded(weights)


def test_a_counter_of_batches_may_be_missing() -> None:
    weights = theirs()
    del weights["model.2.num_batches_tracked"]
    found = loaded(weights)
    assert found["model.2.num_batches_tracked"] == 0
    assert torch.equal(found["model.2.running_mean"], weights["model.2.running_mean"])


def test_other_shapes_are_named_with_both() -> None:
    weights: dict[str, Any] = {**theirs(), "model.0.weight": np.zeros((2, 3, 1, 1), np.float32)}
    with pytest.raises(UserError, match=r"model\.0\.weight of G has the shape \(2, 3, 1, 1\) where .* \(2, 1, 1, 1\)"):
        loaded(weights)


@pytest.mark.parametrize("defect", ["missing", "extra", "shape"])
def test_nothing_changes_where_anything_does_not_fit(defect: str) -> None:
    weights = theirs()
    if defect == "missing":
        del weights["model.2.bias"]
    else:
        weights["model.7.bias" if defect == "extra" else "model.2.bias"] = torch.ones(3)
    net = network()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(UserError):
        state.load(net, PATHS, weights, "G")
    assert same(net.state_dict(), before)
