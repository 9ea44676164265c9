"""The options, the one file and the networks of the reference of U-GAT-IT (its outputs are golden cases)."""

from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.interop.ugatit import layer_paths
from gan_zoo.models import UGATIT
from gan_zoo.training.schedules import Constant, LinearSecondHalf

TINY = {"ch": 1, "n_res": 2, "img_size": 16}
NETWORKS = ("genA2B", "genB2A", "disGA", "disGB", "disLA", "disLB")


def build(options: dict[str, Any], weights: Any = MappingProxyType({})) -> Any:
    return from_reference("ugatit", options, weights)


def randomised(light: bool, **changes: Any) -> dict[str, dict[str, Tensor]]:
    """Weights in which no two numbers are equal by accident."""
    noise = torch.Generator().manual_seed(3)
    return {
        net: {key: torch.rand(value.shape, generator=noise) for key, value in weights.items()}
        for net, weights in to_reference(build(TINY | {"light": light} | changes)).items()
    }


def assert_same(found: dict[str, dict[str, Tensor]], expected: dict[str, dict[str, Tensor]]) -> None:
    for net, weights in expected.items():
        assert list(found[net]) == list(weights)
        assert all(torch.equal(found[net][key], value) for key, value in weights.items()), net


# ---- there and back


@pytest.mark.parametrize("light", [False, True])
def test_networks_there_and_back(light: bool) -> None:
    given = randomised(light)
    assert tuple(given) == NETWORKS
    arrays = {net: {key: value.numpy() for key, value in weights.items()} for net, weights in given.items()}
    model = build(TINY | {"light": light}, arrays)
    assert type(model) is UGATIT
    assert_same(to_reference(model), given)


@pytest.mark.parametrize("label", ["params", "checkpoint"])
def test_the_one_file_of_a_run(label: str) -> None:
    given = randomised(light=True)
    assert_same(to_reference(build(TINY | {"light": True}, {label: given})), given)


def test_which_module_holds_which_network() -> None:
    model = build(TINY)
    assert reference_networks(model) == {
        **{"genA2B": model.generator["ab"], "genB2A": model.generator["ba"]},
        **{"disGA": model.discriminator["a"]["global"], "disGB": model.discriminator["b"]["global"]},
        **{"disLA": model.discriminator["a"]["local"], "disLB": model.discriminator["b"]["local"]},
    }


@pytest.mark.parametrize("net", ["genB2A", "disGA"])
def test_a_network_alone_under_any_name(net: str) -> None:
    given = randomised(light=True)[net]
    model = build(TINY | {"light": True}, {"net": given})
    assert list(reference_networks(model)) == ["net"]
    assert_same(to_reference(model), {"net": given})


def test_weights_of_data_parallel_runs() -> None:
    given = randomised(light=True)
    wrapped = {net: {f"module.{key}": value for key, value in weights.items()} for net, weights in given.items()}
    assert_same(to_reference(build({}, wrapped)), given)


# ---- what shapes say


@pytest.mark.parametrize("size", [16, 32])
@pytest.mark.parametrize("light", [False, True])
def test_width_blocks_head_and_size_are_read_from_shapes(light: bool, size: int) -> None:
    model = build({}, {"params": randomised(light, img_size=size)})
    net = model.generator["ab"]
    assert (net.light, len(net.blocks), net.gamma.in_features) == (light, 2, 4)
    assert net.size == ((256, 256) if light else (size, size))  # a light head has none


def test_shapes_go_before_what_is_said_of_the_head() -> None:
    assert build(TINY | {"light": False}, randomised(light=True)).generator["ab"].light
    assert not build(TINY | {"light": True}, randomised(light=False)).generator["ab"].light


def test_weights_that_do_not_fit_are_refused() -> None:
    given = randomised(light=False)
    with pytest.raises(UserError, match=r"FC.0.weight of genA2B has the shape \(4, 64\)"):
        build({"img_size": 32}, given)
    with pytest.raises(UserError, match="weights of genA2B do not fit"):
        build({"n_res": 1}, given)
    with pytest.raises(UserError, match=r"no network 'disGC'.*did you mean dis"):
        build(TINY, {**given, "disGC": given["disGA"]})


# ---- options


def test_what_options_become() -> None:
    model = build(TINY | {"adv_weight": 2, "cycle_weight": 3, "identity_weight": 4, "cam_weight": 5, "iteration": 9})
    assert (model.lambda_adv, model.lambda_cycle, model.lambda_idt, model.lambda_cam) == (2, 3, 4, 5)
    assert model.schedule == LinearSecondHalf(9)
    assert build(TINY | {"decay_flag": False}).schedule == Constant()
    one, other = build(TINY | {"lr": 1e-3, "weight_decay": 0.5}).configure_optimizers()
    for optimizer in (one, other):
        assert isinstance(optimizer, Adam)
        told = optimizer.defaults
        assert (told["lr"], told["weight_decay"], told["betas"], told["eps"]) == (1e-3, 0.5, (0.5, 0.999), 1e-8)


def test_defaults_are_the_references() -> None:
    with torch.device("meta"):
        model = build({})
    assert (model.lambda_adv, model.lambda_cycle, model.lambda_idt, model.lambda_cam) == (1, 10, 10, 1000)
    assert model.schedule == LinearSecondHalf(1_000_000)
    net = model.generator["ab"]
    assert (net.light, net.size, len(net.blocks), net.gamma.in_features) == (False, (256, 256), 4, 256)


def test_options_of_a_run_make_no_difference() -> None:
    run = {"phase": "train", "dataset": "x", "batch_size": 2, "n_dis": 9, "img_ch": 1, "benchmark_flag": True}
    assert build(TINY | run).hparams.keys() == build(TINY).hparams.keys()
    with pytest.raises(UserError, match=r"no option 'cycle_wait'.*did you mean cycle_weight"):
        build({"cycle_wait": 1})


def test_a_network_of_another_paper_is_refused() -> None:
    with pytest.raises(UserError, match="Conv2d is not a network of the reference of U-GAT-IT"):
        layer_paths(nn.Conv2d(1, 1, 1))


def test_arrays_of_numpy_are_as_good_as_tensors() -> None:
    given = {"disLA": {key: np.asarray(value) for key, value in randomised(light=True)["disLA"].items()}}
    found = to_reference(build(TINY | {"light": True}, given))["disLA"]
    assert all(np.array_equal(found[key].numpy(), value) for key, value in given["disLA"].items())
