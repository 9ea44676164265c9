"""pix2pix beyond its golden cases: ablations, channels, the protocol of testing, life in a Trainer."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer
from torch import Tensor, nn
from torch.optim import Adam
from torch.utils.data import DataLoader

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm
from gan_zoo.losses.adversarial import Wasserstein
from gan_zoo.models import Pix2Pix
from gan_zoo.networks.patchgan import PixelGAN
from gan_zoo.training.schedules import Linear
from tests.unit import world
from tests.unit.world import pix2pix


def test_a_bare_constructor_gives_the_papers_model() -> None:
    model = Pix2Pix()
    assert sum(p.numel() for p in model.generator.parameters()) == 54_413_955
    assert sum(p.numel() for p in model.discriminator.parameters()) == 2_768_705
    assert (model.lambda_l1, model.lambda_l2, model.lambda_adv, model.lambda_gp) == (100, 0, 1, 0)
    assert model.schedule == Linear(100, 100)
    for optimizer in model.configure_optimizers():
        assert type(optimizer) is Adam
        assert optimizer.defaults["lr"] == 2e-4
        assert tuple(optimizer.defaults["betas"]) == (0.5, 0.999)


# ---- objectives


def moved(model: Pix2Pix, player: str, **trainer: Any) -> bool:
    before = world.weights(getattr(model, player))
    world.fit(model, world.samples(2, a=model.channels["a"], b=model.channels["b"]), **trainer)
    return not torch.equal(before, world.weights(getattr(model, player)))


@pytest.mark.parametrize(
    ("weights", "terms"),
    [
        ({}, {"adv", "l1"}),
        ({"lambda_l1": 0.0}, {"adv"}),
        ({"lambda_l1": 0.0, "lambda_l2": 10.0}, {"adv", "l2"}),
        ({"lambda_adv": 0.0}, {"l1"}),
    ],
)
def test_a_term_of_weight_0_is_left_out(weights: dict[str, float], terms: set[str]) -> None:
    model = pix2pix(**weights)
    assert moved(model, "generator")
    assert {name.split("/")[1] for name in model.terms if name.startswith("generator/")} == terms


def test_without_an_adversarial_term_the_discriminator_neither_runs_nor_learns() -> None:
    model, calls = pix2pix(lambda_adv=0.0), []
    model.discriminator.register_forward_hook(lambda *_: calls.append(1))
    assert not moved(model, "discriminator")
    assert not calls
    assert not any(name.startswith("discriminator/") for name in model.terms)
    assert moved(pix2pix(), "discriminator")


def test_weights_and_distances() -> None:
    model, data = pix2pix(lambda_l1=3.0, lambda_l2=5.0, lambda_adv=2.0), world.batch()
    fake = torch.zeros_like(data["b"])
    losses = model.generator_loss(data["a"], data["b"], fake)
    torch.testing.assert_close(losses["l1"], 3 * data["b"].abs().mean())
    torch.testing.assert_close(losses["l2"], 5 * data["b"].square().mean())
    score = model.discriminator(torch.cat((data["a"], fake), 1))
    torch.testing.assert_close(losses["adv"], 2 * nn.functional.softplus(-score).mean())


@torch.no_grad()
def test_the_discriminator_judges_the_fake_and_the_real_pair() -> None:
    model, data = pix2pix(), world.batch()
    losses = model.discriminator_loss(data["a"], data["b"], -data["b"])
    real, fake = (model.discriminator(torch.cat((data["a"], b), 1)) for b in (data["b"], -data["b"]))
    torch.testing.assert_close(losses["real"], 0.5 * nn.functional.softplus(-real).mean())
    torch.testing.assert_close(losses["fake"], 0.5 * nn.functional.softplus(fake).mean())
    assert set(losses) == {"fake", "real"}


def test_nothing_to_minimise_is_refused() -> None:
    with pytest.raises(UserError, match=r"nothing to minimise: set model\.lambda_adv"):
        pix2pix(lambda_l1=0.0, lambda_adv=0.0)


@pytest.mark.parametrize(("conditional", "channels"), [(True, 1 + 2), (False, 2)])
def test_what_the_discriminator_sees(conditional: bool, channels: int) -> None:
    model, seen = pix2pix(channels={"a": 1, "b": 2}, conditional=conditional, share_passes=False), []
    model.discriminator.register_forward_hook(lambda layer, x, y: seen.append(x[0].detach()))
    data = world.batch(1, a=1, b=2)
    model.discriminator_loss(data["a"], data["b"], -data["b"])
    fake, real = seen
    assert fake.shape[1] == real.shape[1] == channels
    assert torch.equal(real[:, -2:], data["b"])
    assert torch.equal(fake[:, -2:], -data["b"])
    if conditional:
        assert torch.equal(real[:, :1], data["a"])
        assert torch.equal(fake[:, :1], data["a"])


@pytest.mark.parametrize(
    "variant",
    [
        {"channels": {"a": 1, "b": 1}},
        {"channels": {"a": 1, "b": 2}},
        {"channels": {"a": 7, "b": 3}, "conditional": False},
        {"generator": partial(world.UNET, skips=False)},
        {"generator": world.RESNET},
        {"discriminator": partial(PixelGAN, ndf=4)},
        {"adversarial": Wasserstein(), "lambda_gp": 10.0},
        {"adversarial": Wasserstein(), "lambda_gp": 10.0, "discriminator": partial(world.PATCHGAN, norm=batch_norm)},
    ],
)
def test_variants_train_both_players(variant: dict[str, Any]) -> None:
    for player in Pix2Pix.players:
        assert moved(pix2pix(**variant), player)


def test_the_penalty_mixes_by_draw_at_the_fake_and_the_real_pair() -> None:
    names: list[Any] = []

    class Drawn(Pix2Pix):
        def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
            names.append((name, shape))
            return torch.zeros(shape)

    model = Drawn(generator=world.UNET, discriminator=world.PATCHGAN, lambda_gp=10.0)
    world.fit(model, world.samples(2), batch_size=2)
    assert names == [("alpha", (2, 1))]
    assert model.terms["discriminator/gp"] > 0


def test_the_reference_uses_no_penalty() -> None:
    model = pix2pix(adversarial=Wasserstein())
    world.fit(model, world.samples(1))
    assert "discriminator/gp" not in model.terms


@torch.no_grad()
def test_accuracy_is_that_of_the_patches() -> None:
    model, data = pix2pix(), world.batch(1)
    model.discriminator.register_forward_hook(lambda layer, x, y: torch.ones_like(y))
    assert model.discriminator_loss(data["a"], data["b"], data["b"]).observed["accuracy"].item() == 0.5


# ---- passes


@pytest.mark.parametrize("extra", [{}, {"lambda_gp": 1.0}])
def test_sharing_a_pass_changes_nothing_but_time(extra: dict[str, Any]) -> None:
    models = [pix2pix(optimizer=world.SLOW_SGD, share_passes=share, **extra) for share in (True, False)]
    calls = [0, 0]
    for i, model in enumerate(models):
        model.discriminator.register_forward_hook(lambda *_, i=i: calls.__setitem__(i, calls[i] + 1))
        torch.manual_seed(3)
        world.fit(model, world.samples(6), batch_size=2, precision="64-true")
    torch.testing.assert_close(world.weights(models[0]), world.weights(models[1]), rtol=1e-10, atol=1e-12)
    assert calls[1] - calls[0] == 3  # one pass less in each of three iterations


def test_batch_norm_forbids_sharing() -> None:
    assert not pix2pix(discriminator=partial(world.PATCHGAN, norm=batch_norm)).share_passes
    assert pix2pix().share_passes


# ---- translating


def dropping(**arguments: Any) -> Pix2Pix:
    return pix2pix(generator=world.DROPOUT_UNET, **arguments).eval()


def test_each_picture_is_translated_by_its_own_statistics() -> None:
    model = pix2pix(generator=partial(world.UNET, norm=batch_norm)).eval()
    images = torch.stack([world.batch(1)["a"][0] * scale for scale in (1.0, 0.2, 0.7)])
    together = model.translate(images)
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], model.translate(images[i : i + 1]))
    in_training = model.train().generator(images[1:2])
    torch.testing.assert_close(together[1:2], in_training)


def test_testing_draws_dropout_and_leaves_the_model_as_it_was() -> None:
    model, images = dropping(), world.batch(1, 64)["a"]
    before = {key: value.clone() for key, value in model.state_dict().items()}
    assert not torch.equal(model.translate(images), model.translate(images))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(layer.training for layer in model.modules())


def test_without_noise_a_translation_is_a_function_of_the_picture() -> None:
    model, images = dropping(test_time_noise=False), world.batch(1, 64)["a"]
    assert torch.equal(model.translate(images), model.translate(images))
    torch.testing.assert_close(model.translate(images), model.generator(images))


@torch.no_grad()
def test_any_size_and_channels() -> None:
    model = pix2pix(channels={"a": 1, "b": 2}).eval()
    assert model.translate(torch.zeros(2, 1, 21, 5)).shape == (2, 2, 21, 5)


def test_the_other_direction_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match=r"translates ab, not ba: .*data\.direction=ba"):
        pix2pix().translate(torch.zeros(1, 3, 16, 16), direction="ba")


@torch.no_grad()
def test_what_it_shows() -> None:
    data, model = world.batch(), pix2pix().eval()
    pictures = model.visuals(data)
    assert list(pictures) == ["real_a", "fake_b", "real_b"]
    assert torch.equal(pictures["fake_b"], model.translate(data["a"]))
    assert torch.equal(pictures["real_b"], data["b"])


# ---- in a Trainer


def test_it_trains_validates_tests_and_predicts_without_a_config(tmp_path: Path) -> None:
    model, loader = pix2pix(), DataLoader(world.samples(3), batch_size=2)
    trainer = Trainer(max_epochs=2, accelerator="cpu", default_root_dir=tmp_path, enable_progress_bar=False)
    trainer.fit(model, loader, loader)
    assert trainer.global_step == 4
    assert model.images_seen == 6
    assert {"val/l1", "val/psnr", "val/ssim"} <= trainer.callback_metrics.keys()
    (validated,) = trainer.validate(model, loader, verbose=False)
    (tested,) = trainer.test(model, loader, verbose=False)
    assert validated["val/l1"] == pytest.approx(tested["test/l1"])
    assert validated["val/l1"] == pytest.approx(float(trainer_l1(model)), rel=1e-5)
    predicted = trainer.predict(model, loader)
    assert predicted is not None
    assert [image.shape for image in predicted] == [(2, 3, 16, 16), (1, 3, 16, 16)]
    (file,) = tmp_path.rglob("*.ckpt")
    assert torch.equal(world.weights(Pix2Pix.load_from_checkpoint(file)), world.weights(model))


@torch.no_grad()
def trainer_l1(model: Pix2Pix) -> Tensor:
    data = world.batch(3)
    return (model.translate(data["a"]) - data["b"]).abs().mean()
