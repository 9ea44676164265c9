"""The reference's options and weights (its outputs are golden cases)."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, reference_networks, to_reference
from gan_zoo.losses.adversarial import Vanilla, Wasserstein
from gan_zoo.models import BicycleGAN
from gan_zoo.networks.latent_encoder import ConvEncoder, ResNetEncoder
from gan_zoo.networks.latent_unet import LatentUNet, bilinear
from gan_zoo.training.schedules import Cosine, Linear, Step

TINY = {"ngf": 1, "nef": 1, "ndf": 2, "netG": "unet_128", "netE": "conv_128", "netD": "basic_128_multi", "nz": 2}


def build(**options: Any) -> BicycleGAN:
    model = from_reference("bicyclegan", {**TINY, "netD2": "basic_128_multi", **options}, {})
    assert isinstance(model, BicycleGAN)
    return model


def there_and_back(options: dict[str, Any]) -> dict[str, dict[str, Tensor]]:
    noise = torch.Generator().manual_seed(3)
    empty = to_reference(from_reference("bicyclegan", options, {}))
    given = {
        net: {key: torch.rand(value.shape, generator=noise).to(value.dtype) for key, value in weights.items()}
        for net, weights in empty.items()
    }
    numpy = {net: {key: value.numpy() for key, value in weights.items()} for net, weights in given.items()}
    found = to_reference(from_reference("bicyclegan", options, numpy))
    for net, weights in given.items():
        assert list(found[net]) == list(weights)
        assert all(torch.equal(found[net][key], value) for key, value in weights.items()), net
    return found


@pytest.mark.parametrize(
    ("place", "upsample", "norm", "dropout"),
    product(("all", "input"), ("basic", "bilinear"), ("instance", "batch", "none"), (False, True)),
)
def test_generators_there_and_back(place: str, upsample: str, norm: str, dropout: bool) -> None:
    options = {"where_add": place, "upsample": upsample, "norm": norm, "use_dropout": dropout}
    (keys,) = there_and_back({"network": "generator", "netG": "unet_128", "ngf": 1, "input_nc": 1, **options}).values()
    first = [key for key in keys if key.endswith("down.0.weight" if place == "all" else "model.model.0.weight")]
    assert first == ["model.down.0.weight" if place == "all" else "model.model.0.weight"]
    assert all(key.replace("weight", "bias") in keys for key in keys if key.endswith("weight"))


@pytest.mark.parametrize(
    ("net", "norm"), product(("resnet_256", "resnet_128", "conv_256", "conv_128"), ("instance", "batch", "none"))
)
def test_encoders_there_and_back(net: str, norm: str) -> None:
    there_and_back({"network": "encoder", "netE": net, "nef": 1, "norm": norm})


@pytest.mark.parametrize(("scales", "norm"), product((1, 2, 3), ("instance", "batch", "none")))
def test_discriminators_there_and_back(scales: int, norm: str) -> None:
    options = {"network": "discriminator", "netD": "basic_256_multi", "ndf": 8, "num_Ds": scales, "norm": norm}
    (keys,) = there_and_back(options).values()
    prefixes = {key.partition(".")[0] for key in keys}
    assert prefixes == ({"model"} if scales == 1 else {f"model_{i}" for i in range(scales)})


def test_without_a_norm_the_positions_shift() -> None:
    with_norm, without = (there_and_back({**TINY, "norm": norm}) for norm in ("instance", "none"))
    assert "model_0.5.weight" in with_norm["D"]
    assert "model_0.4.weight" in without["D"]
    assert "model.submodule.up.1.weight" in without["G"]


def test_all_four_networks_there_and_back() -> None:
    assert list(there_and_back(TINY)) == ["G", "E", "D", "D2"]
    assert list(there_and_back({**TINY, "use_same_D": True})) == ["G", "E", "D"]
    assert list(there_and_back({**TINY, "lambda_GAN": 0.0})) == ["G", "E", "D2"]
    assert list(there_and_back({**TINY, "lambda_GAN2": 0.0})) == ["G", "E", "D"]


def test_discriminators_may_be_unlike() -> None:
    model = build(netD2="basic_256_multi", ndf=8)
    networks = reference_networks(model)
    assert networks == {
        **{"G": model.generator, "E": model.encoder},
        **{"D": model.discriminator["encoded"], "D2": model.discriminator["random"]},
    }
    assert [len(networks[name].scales[0].layers) for name in ("D", "D2")] == [9, 12]  # type: ignore[index, union-attr]


def test_the_references_defaults() -> None:
    model = from_reference("bicyclegan", {"ngf": 1, "nef": 1, "ndf": 2}, {})
    assert isinstance(model, BicycleGAN)
    assert isinstance(model.generator, LatentUNet)
    assert isinstance(model.encoder, ResNetEncoder)
    assert (model.generator.stride, model.generator.everywhere, model.encoder.smallest) == (256, True, 256)
    assert not any(isinstance(layer, nn.Dropout) for layer in model.modules())
    bare = BicycleGAN().hparams
    for name in ("adversarial", "lambda_l1", "lambda_z", "lambda_kl", "init", "schedule", "conditional", "nz"):
        assert model.hparams[name] == bare[name], name
    assert not model.sum_over_images


def test_options_reach_the_model() -> None:
    options = {"nl": "lrelu", "upsample": "bilinear", "where_add": "input", "gan_mode": "wgangp", "conditional_D": True}
    weights = {"lambda_L1": 1.0, "lambda_GAN": 2.0, "lambda_GAN2": 3.0, "lambda_z": 4.0, "lambda_kl": 5.0}
    model = build(**options, **weights, num_Ds=1, input_nc=1, lr=0.5, direction="BtoA", n_samples=5)
    assert (model.lambda_l1, model.lambda_z, model.lambda_kl) == (1, 4, 5)
    assert model.lambda_adv == {"encoded": 2, "random": 3}
    assert (model.adversarial, model.conditional, model.sum_over_images) == (Wasserstein(), True, True)
    assert model.channels == {"a": 1, "b": 3}
    assert not model.generator.everywhere
    generator = model.hparams["generator"]
    assert generator["activation"]["_args_"] == [0.2]
    assert generator["upsample"]["_target_"].endswith(bilinear.__name__)
    assert model.configure_optimizers()[0].defaults["lr"] == 0.5
    assert build(gan_mode="vanilla").adversarial == Vanilla()
    assert isinstance(model.encoder, ConvEncoder)


@pytest.mark.parametrize(
    ("options", "schedule"),
    [
        ({"niter": 3, "niter_decay": 4, "epoch_count": 2}, Linear(3, 4, 2)),
        ({"lr_policy": "step"}, Step(100)),
        ({"lr_policy": "cosine", "niter": 9}, Cosine(9)),
    ],
)
def test_schedules(options: dict[str, Any], schedule: object) -> None:
    assert build(**options).schedule == schedule


def test_a_generator_without_codes() -> None:
    options = {"network": "generator", "netG": "unet_128", "ngf": 1, "nz": 0, "where_add": "all"}
    with pytest.warns(UserWarning, match="zero-element"):
        model = from_reference("bicyclegan", options, {})
    (net,) = reference_networks(model).values()
    assert not net.everywhere
    assert next(iter(to_reference(model)["G"])) == "model.model.0.weight"


@pytest.mark.parametrize(
    ("options", "weights", "line"),
    [
        ({"netD": "basic_256"}, {}, "the reference has no netD 'basic_256'"),
        ({"ngff": 1}, {}, r"has no option 'ngff' \(did you mean ngf"),
        ({}, {"G": {}, "Q": {}}, "has no network 'Q'"),
        ({}, {"E": {"fc.0.weight": torch.zeros(1)}}, "the weights of E do not fit these options"),
        ({"network": "critic"}, {}, "the reference has no network 'critic'"),
    ],
)
def test_mistakes(options: dict[str, Any], weights: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        from_reference("bicyclegan", {**TINY, **options}, weights)


@pytest.mark.parametrize(("label", "slot"), [("net", "G"), ("enc", "E"), ("dis", "D")])
def test_a_network_alone_may_bear_any_name(label: str, slot: str) -> None:
    weights = to_reference(build(input_nc=3))[slot]
    model = from_reference("bicyclegan", TINY, {label: weights})
    assert list(to_reference(model)) == [label]
