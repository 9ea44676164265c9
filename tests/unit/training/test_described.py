"""Models as plain containers and back."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Adam

from gan_zoo.layers.norm import batch_norm
from gan_zoo.models import CycleGAN, Pix2Pix
from gan_zoo.training import config
from gan_zoo.training.config import build, describe
from gan_zoo.training.schedules import Linear
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


def plain(thing: Any) -> bool:
    if isinstance(thing, dict):
        return all(type(key) is str and plain(value) for key, value in thing.items())
    return all(map(plain, thing)) if type(thing) is list else type(thing) in (type(None), bool, int, float, str)


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
