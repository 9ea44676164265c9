"""Models as plain containers and back, and what such containers may not name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm, instance_norm
from gan_zoo.losses.adversarial import LeastSquares
from gan_zoo.models import CycleGAN, Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.training import config
from gan_zoo.training.config import build, describe, locate
from gan_zoo.training.schedules import Linear, Plateau
from tests.unit import world


@pytest.fixture(autouse=True)
def own_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test trusts, others do not."""
    monkeypatch.setattr(config, "_TRUSTED", list(config._TRUSTED))


class Sharp(CycleGAN):
    """A user's own model, with an argument of its own and the others passed on."""

    def __init__(self, sharpness: float = 1.0, **others: Any) -> None:
        super().__init__(**others)
        self.sharpness = sharpness


@dataclass
class Point:
    """Not part of the zoo."""

    x: int = 1


class Home:
    """Holds what cannot be found at the top of a module."""

    class Inner(nn.Conv2d):
        """Like this."""


def plain(thing: Any) -> bool:
    if isinstance(thing, dict):
        return all(type(key) is str and plain(value) for key, value in thing.items())
    return all(map(plain, thing)) if type(thing) is list else type(thing) in (type(None), bool, int, float, str)


@pytest.mark.parametrize(
    "thing",
    [
        None,
        True,
        0.5,
        "text",
        {"a": 3, "b": [1, {"c": None}]},
        PatchGAN,
        instance_norm,
        LeastSquares(),
        Linear(3, 4),
        [Linear(3, 4), {"x": LeastSquares()}],
    ],
)
def test_what_comes_back_is_equal(thing: Any) -> None:
    described = describe(thing)
    assert plain(described)
    made = build(described)
    assert (made.func if isinstance(made, partial) else made) == thing


def test_partials_keep_their_arguments_also_nested_and_positional() -> None:
    factory = build(describe(partial(PatchGAN, 5, ndf=2, norm=partial(nn.BatchNorm2d, eps=0.5))))
    assert factory.func is PatchGAN
    assert factory.args == (5,)
    assert factory.keywords["ndf"] == 2
    assert factory().layers[3].eps == 0.5
    optimizer = build(describe(partial(Adam, betas=(0.5, 0.999))))([nn.Parameter(torch.zeros(1))])
    assert tuple(optimizer.defaults["betas"]) == (0.5, 0.999)


def test_a_tuple_becomes_a_list_and_an_object_stays_itself() -> None:
    schedule = Plateau()
    assert build(describe((1, 2))) == [1, 2]
    assert build(schedule) is schedule


def local() -> Callable[..., nn.Module]:
    def made(channels: int) -> nn.Module:
        return nn.Conv2d(channels, 1, 1)

    return made


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (lambda channels: nn.Identity(), "<lambda> could not be found again"),
        (local(), "could not be found again"),
        (Home.Inner, "Home.Inner could not be found again"),
        (partial(lambda: None), "could not be found again"),
        (nn.Identity(), "a Identity cannot be written"),
        (torch.zeros(1), "a Tensor cannot be written"),
        ({"deep": [object()]}, "a object cannot be written"),
        (Path("x"), "cannot be written"),
    ],
)
def test_what_a_checkpoint_could_not_hold_is_refused_when_the_model_is_made(thing: Any, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        describe(thing)
    if callable(thing) and not isinstance(thing, nn.Module):
        with pytest.raises(UserError, match=reason):
            world.cyclegan(optimizers={"unused": thing})


OUTSIDE = ["os.system", "posix.system", "builtins.eval", "subprocess.Popen", "print", "numpy.load", "functools.partial"]
INSIDE = [
    "torch.load",
    "torch.hub.load",
    "torch.nn.attention._fa3.register_flash_attention_fa3",
    "torch.nn.modules.module.OrderedDict",
    "torch.nn.modules.module.torch",
    "gan_zoo.training.config.trust",
    "gan_zoo.training.config.import_module",
    "gan_zoo.training.checkpoint_io.write",
    "gan_zoo.training.checkpoint_io.os.system",
    "gan_zoo.interop.hub.load",
    "gan_zoo.data.download.fetch",
    "gan_zoo.models.pix2pix.partial",
    "gan_zoo.models.cyclegan.DIRECTIONS",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_configuration_may_not_name_other_packages(path: str) -> None:
    with pytest.raises(UserError, match=f"{path} is not part of gan_zoo or torch.*trust"):
        build({"_target_": path, "_partial_": True})


@pytest.mark.parametrize("path", [*INSIDE, "torch.nn.modules.module.functools.partial", "gan_zoo.layers.nope.Nothing"])
@pytest.mark.parametrize("trusting", [False, True])
def test_nor_what_has_other_effects_than_building_models(path: str, trusting: bool) -> None:
    if trusting:
        config.trust("gan_zoo", "torch", "gan_zoo.training.config")
    with pytest.raises(UserError, match=r"is no layer, network|there is no"):
        build({"_target_": path, "_partial_": True})


def test_a_configuration_cannot_make_itself_trusted(tmp_path: Path) -> None:
    trust = {"_target_": "gan_zoo.training.config.trust", "_args_": ["os", "posix"]}
    attack = {"_target_": "os.system", "_args_": [f"touch {tmp_path / 'harm'}"]}
    with pytest.raises(UserError):
        build({"_target_": "gan_zoo.models.CycleGAN", "optimizers": [trust, attack]})
    assert not list(tmp_path.iterdir())
    assert not {"os", "posix"} & set(config._TRUSTED)


def test_a_package_of_ones_own_can_be_trusted() -> None:
    described = describe(Point(3))
    with pytest.raises(UserError, match=r"test_config.Point is not part of gan_zoo or torch: .*trust\('tests'\)"):
        build(described)
    config.trust("tests")
    assert build(described) == Point(3)


@pytest.mark.parametrize("path", ["torch.nn.Conv2d", "torch.optim.Adam", "gan_zoo.models.CycleGAN"])
def test_public_names_of_torch_and_the_zoo_are_found(path: str) -> None:
    assert locate(path).__name__ == path.rpartition(".")[2]


def test_a_model_knows_its_arguments_and_can_be_made_from_them() -> None:
    model = world.pix2pix(lambda_l1=7.0, schedule=Linear(1, 2), optimizers={"discriminator": partial(Adam, lr=0.5)})
    assert plain(dict(model.hparams))
    assert model.hparams["lambda_l1"] == 7.0
    assert model.hparams["share_passes"] is True  # a default
    again = build(model.description())
    assert type(again) is Pix2Pix
    assert again.hparams == model.hparams
    assert again.schedule == Linear(1, 2)
    assert [optimizer.defaults["lr"] for optimizer in again.configure_optimizers()] == [0.5, 2e-4]
    again.load_state_dict(model.state_dict())


def test_arguments_may_come_as_containers_like_a_config_s() -> None:
    norm = {"_target_": "gan_zoo.layers.norm.batch_norm", "_partial_": True}
    generator = {"_target_": "gan_zoo.networks.resnet.ResNet", "_partial_": True, "n_blocks": 1, "ngf": 2, "norm": norm}
    adversarial = {"_target_": "gan_zoo.losses.adversarial.Vanilla"}
    model = world.cyclegan(generator=generator, adversarial=adversarial)
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in model.generator.modules())
    assert model.hparams["generator"]["norm"] == describe(batch_norm)
    assert model.hparams["adversarial"] == {"_target_": "gan_zoo.losses.adversarial.Vanilla"}


def test_a_subclass_may_pass_arguments_on() -> None:
    config.trust("tests")
    model = Sharp(2.0, lambda_idt=0.0, generator=world.RESNET)
    assert (model.sharpness, model.lambda_idt) == (2.0, 0.0)
    again = build(model.description())
    assert isinstance(again, Sharp)
    assert again.hparams == model.hparams


def test_an_unknown_argument_is_a_type_error_as_ever() -> None:
    with pytest.raises(TypeError, match="lambda_l3"):
        Pix2Pix(lambda_l3=1.0)


@pytest.mark.parametrize("make", [world.cyclegan, world.pix2pix])
def test_a_checkpoint_is_plain_and_brings_the_model_back(make: Callable[..., Any], tmp_path: Path) -> None:
    model = make(lambda_gp=0.25)
    trainer = world.fit(model, world.samples(1))
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    stored = torch.load(tmp_path / "x.ckpt", weights_only=True)
    assert plain(stored["hyper_parameters"])
    assert plain(stored["gan_zoo"]["model"])
    again = type(model).load_from_checkpoint(tmp_path / "x.ckpt")
    assert again.hparams == model.hparams
    assert again.images_seen == 1
    assert torch.equal(world.weights(again), world.weights(model))
    other = type(model).load_from_checkpoint(tmp_path / "x.ckpt", lambda_gp=0.5)
    assert (again.lambda_gp, other.lambda_gp) == (0.25, 0.5)
