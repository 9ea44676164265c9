"""The reference's options and weights (its outputs are golden cases)."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.layers.init import Kaiming
from gan_zoo.losses.adversarial import LeastSquares, Vanilla, Wasserstein
from gan_zoo.models import CycleGAN, Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN, PixelGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.unet import UNet
from gan_zoo.training.schedules import Cosine, Linear, Plateau, Step
from tests.unit import world

TINY = {"ngf": 1, "ndf": 1, "netG": "resnet_6blocks"}
GENERATORS = ("unet_256", "unet_128", "resnet_9blocks", "resnet_6blocks")
NORMS = ("batch", "instance", "none", "syncbatch")


def randomised(model: Any) -> dict[str, dict[str, Tensor]]:
    """Weights in which no two numbers are equal by accident."""
    noise = torch.Generator().manual_seed(3)
    return {
        net: {key: torch.rand(value.shape, generator=noise).to(value.dtype) for key, value in weights.items()}
        for net, weights in to_reference(model).items()
    }


def assert_same(found: dict[str, dict[str, Tensor]], expected: dict[str, dict[str, Tensor]]) -> None:
    assert {net: list(weights) for net, weights in found.items()} == {
        net: list(weights) for net, weights in expected.items()
    }
    for net, weights in expected.items():
        assert all(torch.equal(found[net][key], value) for key, value in weights.items()), net


# ---- there and back


@pytest.mark.parametrize(("generator", "norm", "no_dropout"), product(GENERATORS, NORMS, (False, True)))
def test_generators_there_and_back(generator: str, norm: str, no_dropout: bool) -> None:
    options = {"netG": generator, "norm": norm, "no_dropout": no_dropout, "ngf": 1, "ndf": 1, "output_nc": 2}
    there_and_back("pix2pix", options)


@pytest.mark.parametrize(("judge", "norm"), product(("basic", "n_layers", "pixel"), NORMS))
def test_discriminators_there_and_back(judge: str, norm: str) -> None:
    there_and_back("pix2pix", {**TINY, "netD": judge, "norm": norm, "n_layers_D": 4, "input_nc": 1})


def test_cyclegans_four_networks_there_and_back() -> None:
    there_and_back("cyclegan", {**TINY, "input_nc": 1, "lambda_identity": 0.0})


def there_and_back(name: str, options: dict[str, Any]) -> None:
    empty = from_reference(name, options, {})
    given = randomised(empty)
    model = from_reference(name, options, {net: {k: v.numpy() for k, v in w.items()} for net, w in given.items()})
    assert_same(to_reference(model), given)
    keys = sum(len(network.state_dict()) for network in reference_networks(model).values())
    assert keys == sum(map(len, given.values())) == len(model.state_dict())


def test_which_module_holds_which_network() -> None:
    pix2pix, cyclegan = from_reference("pix2pix", TINY, {}), from_reference("cyclegan", TINY, {})
    assert reference_networks(pix2pix) == {"G": pix2pix.generator, "D": pix2pix.discriminator}
    assert reference_networks(cyclegan) == {
        **{"G_A": cyclegan.generator["ab"], "G_B": cyclegan.generator["ba"]},
        **{"D_A": cyclegan.discriminator["b"], "D_B": cyclegan.discriminator["a"]},
    }


def test_a_model_made_without_interop_has_reference_weights_too() -> None:
    model = world.cyclegan()
    assert list(to_reference(model)) == ["G_A", "G_B", "D_A", "D_B"]
    assert torch.equal(to_reference(model)["G_A"]["model.1.weight"], model.generator["ab"].encoder[1].weight)


class Other(nn.Module):
    """No network of the reference."""


def test_a_network_of_ones_own_has_none() -> None:
    model = world.pix2pix()
    model.generator = Other()
    with pytest.raises(UserError, match="Other is not a network of the reference"):
        to_reference(model)


# ---- options


def test_the_references_defaults() -> None:
    options = {"ngf": 2, "ndf": 2}
    pix2pix, cyclegan = from_reference("pix2pix", options, {}), from_reference("cyclegan", options, {})
    assert isinstance(pix2pix, Pix2Pix)
    assert isinstance(pix2pix.generator, UNet)
    assert (pix2pix.generator.stride, pix2pix.lambda_l1, pix2pix.adversarial) == (256, 100.0, Vanilla())
    assert sum(isinstance(layer, nn.Dropout) for layer in pix2pix.generator.modules()) == 3
    assert isinstance(cyclegan, CycleGAN)
    assert isinstance(cyclegan.generator["ab"], ResNet)
    assert len(cyclegan.generator["ab"].blocks) == 9
    assert not any(isinstance(layer, nn.Dropout | nn.BatchNorm2d) for layer in cyclegan.modules())
    assert (cyclegan.lambda_idt, cyclegan.adversarial) == (0.5, LeastSquares())
    assert cyclegan.pool["a"].capacity == 50


def test_options_reach_the_model() -> None:
    options = {**TINY, "lambda_A": 3.0, "lambda_B": 4.0, "lambda_identity": 0.1, "pool_size": 7, "gan_mode": "wgangp"}
    model = from_reference("cyclegan", {**options, "lr": 0.5, "beta1": 0.25, "init_type": "kaiming"}, {})
    assert isinstance(model, CycleGAN)
    assert model.lambda_cycle == {"a": 3.0, "b": 4.0}
    assert (model.lambda_idt, model.pool["b"].capacity, model.adversarial) == (0.1, 7, Wasserstein())
    (optimizer, _) = model.configure_optimizers()
    assert type(optimizer) is Adam
    assert (optimizer.defaults["lr"], optimizer.defaults["betas"]) == (0.5, (0.25, 0.999))
    assert model.hparams["init"]["_target_"].endswith("Kaiming")
    assert Kaiming().gain == model.hparams["init"]["gain"]
    assert from_reference("pix2pix", {**TINY, "lambda_L1": 5.0}, {}).lambda_l1 == 5.0


@pytest.mark.parametrize(
    ("options", "schedule"),
    [
        ({"n_epochs": 3, "n_epochs_decay": 4, "epoch_count": 2}, Linear(3, 4, 2)),
        ({"lr_policy": "step", "lr_decay_iters": 7}, Step(7)),
        ({"lr_policy": "cosine", "n_epochs": 9}, Cosine(9)),
        ({"lr_policy": "plateau"}, Plateau("val/l1", smallest_fall=1e-8 / 2e-4)),
    ],
)
def test_schedules(options: dict[str, Any], schedule: object) -> None:
    assert from_reference("pix2pix", {**TINY, **options}, {}).schedule == schedule


def test_the_number_of_layers_counts_only_where_the_reference_reads_it() -> None:
    basic = from_reference("pix2pix", {**TINY, "n_layers_D": 5}, {}).discriminator
    chosen = from_reference("pix2pix", {**TINY, "n_layers_D": 5, "netD": "n_layers"}, {}).discriminator
    assert isinstance(basic, PatchGAN)
    assert isinstance(chosen, PatchGAN)
    assert (basic.smallest, chosen.smallest) == (3 * 2**3, 3 * 2**5)
    assert isinstance(from_reference("pix2pix", {**TINY, "netD": "pixel"}, {}).discriminator, PixelGAN)


@pytest.mark.parametrize("option", ["batch_size", "gpu_ids", "adam", "runs", "lods", "batch", "direction"])
def test_options_of_a_run_are_ignored(option: str) -> None:
    one, other = from_reference("pix2pix", TINY, {}), from_reference("pix2pix", {**TINY, option: 3}, {})
    assert one.hparams == other.hparams


# ---- mistakes


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cylegan", {}, r"no reference code is known for a model 'cylegan' \(did you mean cyclegan"),
        ("pix2pix", {"lamda_L1": 1.0}, r"pix2pix has no option 'lamda_L1' \(did you mean lambda_L1\?\)"),
        ("pix2pix", {"lambda_A": 1.0}, r"pix2pix has no option 'lambda_A'"),
        ("cyclegan", {"lambda_L1": 1.0}, r"cyclegan has no option 'lambda_L1'"),
        ("pix2pix", {"netG": "unet_265"}, r"no netG 'unet_265' \(did you mean unet_256"),
        ("pix2pix", {"netD": "patch"}, r"no netD 'patch' \(there are: basic, n_layers, pixel\)"),
        ("cyclegan", {"norm": "instnce"}, r"no norm 'instnce' \(did you mean instance"),
        ("cyclegan", {"gan_mode": "hinge"}, r"no gan_mode 'hinge' \(there are: lsgan, vanilla, wgangp\)"),
        ("cyclegan", {"lr_policy": "linaer"}, r"no lr_policy 'linaer' \(did you mean linear"),
        ("cyclegan", {"init_type": "xaviar"}, r"no init_type 'xaviar' \(did you mean xavier"),
        ("cyclegan", {"network": "generater"}, r"no network 'generater' \(did you mean generator"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        from_reference(name, {**TINY, **options} if "netG" not in options else options, {})


def test_an_unknown_network_among_known_ones() -> None:
    weights = to_reference(from_reference("cyclegan", TINY, {}))
    with pytest.raises(UserError, match=r"cyclegan has no network 'G_C' \(did you mean"):
        from_reference("cyclegan", TINY, {"G_A": weights["G_A"], "G_C": weights["G_B"]})


def test_weights_of_other_options_are_refused() -> None:
    weights = to_reference(from_reference("cyclegan", TINY, {}))
    with pytest.raises(UserError, match=r"model\.1\.weight of G_A has the shape \(1, 3, 7, 7\) .*check ngf"):
        from_reference("cyclegan", {**TINY, "ngf": 2}, weights)
    with pytest.raises(UserError, match=r"the weights of G_A do not fit .*lack.*check netG"):
        from_reference("cyclegan", {**TINY, "netG": "resnet_9blocks"}, weights)
    with pytest.raises(UserError, match=r"the weights of G_A do not fit .*conv_block\.5"):
        from_reference("cyclegan", {**TINY, "no_dropout": False}, weights)


# ---- files as they are found


def test_some_networks_may_be_left_out() -> None:
    weights = randomised(from_reference("cyclegan", TINY, {}))
    model = from_reference("cyclegan", TINY, {"G_B": weights["G_B"]})
    assert list(to_reference(model)) == ["G_A", "G_B", "D_A", "D_B"]
    assert_same({"G_B": to_reference(model)["G_B"]}, {"G_B": weights["G_B"]})
    assert to_reference(model)["G_A"]["model.1.weight"].std() < 0.1  # drawn as at the start of a training


def test_a_published_file_of_one_direction_makes_a_model_that_translates() -> None:
    weights = randomised(from_reference("cyclegan", TINY, {}))["G_A"]
    model = from_reference("cyclegan", TINY, {"G": {f"module.{key}": value for key, value in weights.items()}})
    assert list(reference_networks(model)) == ["G"]
    assert_same(to_reference(model), {"G": weights})
    images = world.batch(1)["a"]
    with torch.no_grad():
        assert torch.equal(model.eval().translate(images), reference_networks(model)["G"](images))


def test_old_files_of_instance_norms_hold_statistics_to_be_ignored() -> None:
    weights: dict[str, Any] = dict(randomised(from_reference("cyclegan", TINY, {}))["G_A"])
    for path in ("model.2", "model.10.conv_block.2", "model.10.conv_block.6", "model.17"):
        weights |= {f"{path}.running_mean": np.ones(1), f"{path}.running_var": np.ones(1)}
    model = from_reference("cyclegan", TINY, {"G_A": weights})
    assert not any("running" in key for key in to_reference(model)["G_A"])


def test_old_files_of_batch_norms_lack_counters() -> None:
    options = {**TINY, "norm": "batch"}
    weights = randomised(from_reference("pix2pix", options, {}))
    old = {
        net: {key: value for key, value in given.items() if not key.endswith("num_batches_tracked")}
        for net, given in weights.items()
    }
    found = to_reference(from_reference("pix2pix", options, old))
    assert torch.equal(found["G"]["model.2.running_var"], weights["G"]["model.2.running_var"])
    assert found["G"]["model.2.num_batches_tracked"] == 0


@pytest.mark.parametrize(
    ("label", "options", "kind"),
    [
        ("net", {"network": "generator", "netG": "unet_128"}, UNet),
        ("gen", {"netG": "resnet_6blocks"}, ResNet),
        ("dis", {"netD": "pixel", "input_nc": 6}, PixelGAN),
        ("net", {"network": "discriminator", "netD": "basic", "input_nc": 6}, PatchGAN),
    ],
)
@pytest.mark.parametrize("name", ["pix2pix", "cyclegan"])
def test_a_network_that_comes_alone_keeps_its_name(name: str, label: str, options: dict[str, Any], kind: type) -> None:
    sizes = {"ngf": 1, "ndf": 1}
    role = {"network": "generator" if kind in (UNet, ResNet) else "discriminator"}
    (weights,) = randomised(from_reference(name, {**sizes, **options, **role}, {})).values()
    model = from_reference(name, {**sizes, **options}, {label: weights})
    assert isinstance(reference_networks(model)[label], kind)
    assert_same(to_reference(model), {label: weights})


def test_synchronised_batch_norm_keeps_its_ones() -> None:
    model = from_reference("pix2pix", {**TINY, "norm": "syncbatch"}, {})
    norms = [layer for layer in model.modules() if isinstance(layer, nn.SyncBatchNorm)]
    assert norms
    assert all(torch.equal(norm.weight, torch.ones_like(norm.weight)) for norm in norms)
