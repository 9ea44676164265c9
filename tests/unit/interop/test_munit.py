"""The options, files and networks of the reference of MUNIT, UNIT and SA-MUNIT (its outputs are golden cases)."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.interop.munit import to_files
from gan_zoo.layers.adain import SampleNorm
from gan_zoo.layers.spectral import SpectralConv2d
from gan_zoo.losses.adversarial import LeastSquares, Vanilla
from gan_zoo.models import MUNIT, SAMUNIT, UNIT
from gan_zoo.training.schedules import Constant, Halving

GEN = {"dim": 2, "n_res": 1}
DIS = {"dim": 2, "num_scales": 1, "n_layer": 2}
TINY: dict[str, dict[str, Any]] = {
    "munit": {"gen": GEN | {"mlp_dim": 3, "style_dim": 2}, "dis": DIS},
    "unit": {"gen": GEN, "dis": DIS},
    "sa_munit": {"gen": GEN | {"mlp_dim": 3, "style_dim": 2}, "dis": DIS | {"dim": 4}},
}
CLASSES = {"munit": MUNIT, "unit": UNIT, "sa_munit": SAMUNIT}


def tiny(name: str, **changes: Any) -> dict[str, Any]:
    """Small networks; ``gen`` and ``dis`` join those of ``TINY``."""
    nested = {part: TINY[name][part] | changes.pop(part, {}) for part in ("gen", "dis")}
    return nested | changes


def randomised(model: Any) -> dict[str, dict[str, Tensor]]:
    """Weights in which no two numbers are equal by accident; the statistics of AdaIN are what they always are."""
    noise = torch.Generator().manual_seed(3)
    return {
        net: {
            key: value.clone() if "running_" in key else torch.rand(value.shape, generator=noise).to(value.dtype)
            for key, value in weights.items()
        }
        for net, weights in to_reference(model).items()
    }


def assert_same(found: dict[str, dict[str, Tensor]], expected: dict[str, dict[str, Tensor]]) -> None:
    assert list(found) == list(expected)
    for net, weights in expected.items():
        assert list(found[net]) == list(weights)
        assert all(torch.equal(found[net][key], value) for key, value in weights.items()), net


# ---- there and back


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *((name, {}) for name in CLASSES),
        ("munit", {"gen": {"n_downsample": 1, "n_res": 2, "activ": "prelu", "pad_type": "zero"}}),
        *(("munit", {"dis": {"norm": norm, "activ": "selu"}}) for norm in ("bn", "in", "ln", "sn")),
        ("unit", {"dis": {"pad_type": "replicate", "n_layer": 3, "num_scales": 2}, "input_dim_a": 1}),
    ],
)
def test_networks_there_and_back(name: str, changes: dict[str, Any]) -> None:
    options = tiny(name, **changes)
    empty = from_reference(name, options, {})
    assert type(empty) is CLASSES[name]
    given = randomised(empty)
    arrays = {net: {key: value.numpy() for key, value in state.items()} for net, state in given.items()}
    assert_same(to_reference(from_reference(name, options, arrays)), given)


@pytest.mark.parametrize("name", CLASSES)
def test_files_nest_the_domains(name: str) -> None:
    options = tiny(name)
    given = randomised(from_reference(name, options, {}))
    files = {short: {d: given[f"{short}_{d}"] for d in "ab"} for short in ("gen", "dis")}
    model = from_reference(name, options, files)
    assert_same(to_reference(model), given)
    for short, written in to_files(model).items():
        assert_same(written, files[short])
    alone = from_reference(name, options, {"gen": files["gen"]})  # as published
    found = to_reference(alone)
    assert all(torch.equal(found["gen_b"][key], value) for key, value in given["gen_b"].items())


def test_which_module_holds_which_network() -> None:
    model = from_reference("munit", tiny("munit"), {})
    assert reference_networks(model) == {
        **{f"gen_{d}": model.generator[d] for d in "ab"},
        **{f"dis_{d}": model.discriminator[d] for d in "ab"},
    }


def test_keys_are_the_references() -> None:
    munit, attended = (to_reference(from_reference(name, tiny(name), {})) for name in ("munit", "sa_munit"))
    keys = list(munit["gen_a"])
    for key in (
        *("enc_style.model.0.conv.weight", "enc_content.model.3.model.0.model.1.conv.bias"),
        *("dec.model.0.model.0.model.0.norm.running_var", "dec.model.2.norm.gamma", "dec.model.5.conv.weight"),
        *("mlp.model.2.fc.bias", "enc_style.model.6.weight"),
    ):
        assert key in keys
    first = ["enc_style.model.0.conv.weight", "enc_content.model.0.conv.weight", "mlp.model.0.fc.weight"]
    assert [key for key in keys if key in first] == first
    assert "dec.model.1.gamma" in attended["gen_a"]
    assert "dec.model.6.conv.weight" in attended["gen_a"]
    assert list(attended["dis_a"])[-9:] == [
        *("cnns.0.2.gamma", "cnns.0.2.query_conv.weight", "cnns.0.2.query_conv.bias", "cnns.0.2.key_conv.weight"),
        *("cnns.0.2.key_conv.bias", "cnns.0.2.value_conv.weight", "cnns.0.2.value_conv.bias"),
        *("cnns.0.3.weight", "cnns.0.3.bias"),
    ]


def test_files_of_old_pytorch_have_statistics_that_are_dropped() -> None:
    options = tiny("unit")
    given = randomised(from_reference("unit", options, {}))
    old = {net: dict(state) for net, state in given.items()}
    places = ("enc.model.0", "enc.model.2", "enc.model.3.model.0.model.1", "dec.model.0.model.0.model.0")
    for d, place in product("ab", places):
        old[f"gen_{d}"] |= {f"{place}.norm.running_mean": torch.rand(2), f"{place}.norm.running_var": torch.rand(2)}
    assert_same(to_reference(from_reference("unit", options, old)), given)


# ---- options


def test_what_options_become() -> None:
    model: Any = from_reference("munit", tiny("munit") | {"lr_policy": "constant"}, {})
    assert model.schedule == Constant()
    model = from_reference(
        "munit",
        tiny("munit", dis={"gan_type": "nsgan"}) | {"step_size": 7, "gamma": 0.1, "recon_x_cyc_w": 10, "vgg_w": 1},
        {},
    )
    assert model.adversarial == Vanilla()
    assert model.schedule == Halving(7, 0.1)
    assert (model.lambda_cycle, model.lambda_vgg, model.lambda_recon_x) == (10, 1, 10)
    unit: Any = from_reference("unit", tiny("unit") | {"recon_kl_w": 0.5, "recon_kl_cyc_w": 0.25, "gan_w": 2}, {})
    assert (unit.lambda_kl, unit.lambda_kl_cycle, unit.lambda_adv, unit.lambda_cycle) == (0.5, 0.25, 2, 10)
    assert unit.adversarial == LeastSquares()
    assert from_reference("sa_munit", tiny("sa_munit"), {}).lambda_cycle == 10  # its only recipe
    both = from_reference("munit", tiny("munit") | {"input_dim": 1}, {})
    assert both.channels == {"a": 1, "b": 1}


def test_options_of_networks_become_layers() -> None:
    spectral: Any = from_reference("munit", tiny("munit", dis={"norm": "sn"}), {})
    layers = spectral.discriminator["a"].scales[0].layers
    assert [type(block.conv) for block in layers[:-1]] == [nn.Conv2d, SpectralConv2d]  # the first stays as it is
    layered: Any = from_reference("munit", tiny("munit", dis={"norm": "ln", "pad_type": "zero", "activ": "tanh"}), {})
    block = layered.discriminator["b"].scales[0].layers[1]
    assert (type(block.norm), type(block.pad), type(block.activation)) == (SampleNorm, nn.ZeroPad2d, nn.Tanh)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"recon_x_ww": 1}, "the reference of munit has no option 'recon_x_ww'.*did you mean recon_x_w"),
        ({"gen": {"n_rez": 1}}, r"no option gen\.n_rez.*n_res"),
        ({"gen": {"pad_type": "mirror"}}, "pad_type"),
        ({"gen": {"activ": "gelu"}}, "activ"),
        ({"dis": {"norm": "gn"}}, r"dis\.norm"),
        ({"dis": {"gan_type": "wgan"}}, r"dis\.gan_type"),
        ({"init": "zeros"}, "init"),
        ({"lr_policy": "linear"}, "lr_policy"),
    ],
)
def test_unknown_options_are_refused_in_one_line(options: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line) as caught:
        from_reference("munit", options, {})
    assert "\n" not in str(caught.value)


def test_options_of_a_run_make_no_difference() -> None:
    run = {"max_iter": 5, "batch_size": 3, "new_size": 128, "data_root": "x", "vgg_model_path": "y"}
    model = from_reference("unit", tiny("unit") | run, {})
    assert model.hparams.keys() == from_reference("unit", tiny("unit"), {}).hparams.keys()


def test_weights_that_do_not_fit_are_refused() -> None:
    given = randomised(from_reference("munit", tiny("munit"), {}))
    with pytest.raises(UserError, match=r"no network 'gen_c'.*did you mean gen_"):
        from_reference("munit", tiny("munit"), {**given, "gen_c": given["gen_a"]})
    with pytest.raises(UserError, match="weights of gen_a do not fit"):
        from_reference("munit", tiny("munit", gen={"n_res": 2}), given)


def test_an_untouched_initialisation() -> None:
    torch.manual_seed(0)
    one = to_reference(from_reference("munit", tiny("munit") | {"init": "default"}, {}))["gen_a"]
    assert one["enc_content.model.0.conv.bias"].any()  # PyTorch draws biases
    assert not to_reference(from_reference("munit", tiny("munit"), {}))["gen_a"]["enc_content.model.0.conv.bias"].any()
