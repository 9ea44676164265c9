"""UNIT beyond its golden cases: weights, noise, shared layers and passes, translating, life in a Trainer."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from gan_zoo.errors import UserError
from gan_zoo.losses.adversarial import LeastSquares
from gan_zoo.losses.perceptual import domain_invariant
from gan_zoo.models import UNIT
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import AutoEncoder, StridedPatch
from gan_zoo.networks.vgg import VGG, VGG16
from gan_zoo.training.schedules import Halving
from tests.unit import world

CODER = partial(AutoEncoder, ngf=2, n_downs=1, n_blocks=2)
JUDGE = partial(MultiScale, n_scales=2, ndf=2, each=partial(StridedPatch, n_layers=2))
FULL = {"encoder": 4, "decoder": 6, "discriminator": 4}
TERMS = {"adv", "recon_x", "kl", "cycle", "kl_cycle"}


class Small(VGG16):
    """A judge of one convolution, with a file of its own."""

    def network(self) -> VGG:
        return VGG(((4,),), taps=(1,), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def unit(**arguments: Any) -> UNIT:
    """The same weights each time."""
    torch.manual_seed(0)
    return UNIT(**{"generator": CODER, "discriminator": JUDGE, **arguments})


def listen(model: UNIT) -> Counter[str]:
    """Counts of passes by network."""
    calls: Counter[str] = Counter()
    for coder in model.generator.values():
        for part in ("encoder", "decoder"):
            getattr(coder, part).register_forward_hook(lambda *_, part=part: calls.update([part]))
    for judge in model.discriminator.values():
        judge.register_forward_hook(lambda *_: calls.update(["discriminator"]))
    return calls


def codes(model: UNIT, real: dict[str, Tensor]) -> dict[str, Tensor]:
    return {d: model.generator[d].encoder(real[d]) for d in "ab"}


def test_a_bare_constructor_gives_the_papers_model() -> None:
    with torch.device("meta"):
        model = UNIT()
    for d in "ab":
        assert sum(p.numel() for p in model.generator[d].parameters()) == 11_140_483
        assert len(model.generator[d].state_dict()) == 48
        assert sum(p.numel() for p in model.discriminator[d].parameters()) == 8_271_171
    weights = (model.lambda_adv, model.lambda_recon_x, model.lambda_kl, model.lambda_cycle, model.lambda_kl_cycle)
    assert weights == (1.0, 10.0, 0.01, 10.0, 0.01)
    assert (model.lambda_vgg, model.test_time_noise) == (0.0, False)
    assert (model.adversarial, model.schedule) == (LeastSquares(), Halving(100_000, 0.5))
    for optimizer in model.configure_optimizers():
        told = optimizer.defaults
        assert (told["lr"], told["betas"], told["weight_decay"], told["eps"]) == (1e-4, (0.5, 0.999), 1e-4, 1e-8)


# ---- the objective


@pytest.mark.parametrize(
    ("weights", "gone", "passes"),
    [
        ({}, set(), {}),
        ({"lambda_recon_x": 0.0}, {"recon_x"}, {}),  # decoded in one pass with the translation
        ({"lambda_kl": 0.0}, {"kl"}, {}),
        ({"lambda_cycle": 0.0}, {"cycle"}, {"decoder": 4}),
        ({"lambda_cycle": 0.0, "lambda_kl_cycle": 0.0}, {"cycle", "kl_cycle"}, {"decoder": 4, "encoder": 2}),
        ({"lambda_adv": 0.0}, {"adv"}, {"decoder": 4, "discriminator": 0}),
    ],
)
def test_a_weight_of_zero_removes_its_term_and_its_passes(
    weights: dict[str, float], gone: set[str], passes: dict[str, int]
) -> None:
    model = unit(**weights)
    calls = listen(model)
    world.fit(model, world.samples(1))
    assert {name[10:-2] for name in model.terms if name.startswith("generator/")} == TERMS - gone
    assert {part: calls[part] for part in FULL} == FULL | passes


@torch.no_grad()
def test_terms_are_weighted_and_named_by_the_domain_that_they_are_about() -> None:
    ones = dict.fromkeys((f"lambda_{name}" for name in TERMS), 1.0)
    model, real = unit(**ones), world.batch()
    code = codes(model, real)
    noise = {name: torch.randn_like(code["a"]) for name in ("a", "b", "fake_a", "fake_b")}
    losses = model.generator_loss(real, code, noise)
    fake = model.generator["b"].decoder(code["a"] + noise["a"])  # the noise of the reconstruction, once more
    again = model.generator["b"].encoder(fake)
    expected = {
        "adv_b": sum((score - 1).square().mean() for score in model.discriminator["b"](fake)),
        "recon_x_a": (model.generator["a"].decoder(code["a"] + noise["a"]) - real["a"]).abs().mean(),
        "kl_a": code["a"].square().mean(),
        "kl_cycle_a": again.square().mean(),
        "cycle_a": (model.generator["a"].decoder(again + noise["fake_b"]) - real["a"]).abs().mean(),
    }
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, rtol=1e-4, atol=1e-6)
        heavy = unit(**ones | {f"lambda_{name[:-2]}": 3.0}).generator_loss(real, code, noise)
        torch.testing.assert_close(heavy[name], 3 * losses[name], rtol=1e-4, atol=1e-6)


def test_each_player_gets_noise_of_its_own() -> None:
    class Drawn(UNIT):
        """Draws zeros, and notes what for."""

        def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
            self.__dict__.setdefault("names", []).append((name, shape))
            return torch.zeros(shape)

    torch.manual_seed(0)
    model = Drawn(CODER, JUDGE)
    world.fit(model, world.samples(2), batch_size=2)
    names = [f"{player}_noise_{d}" for player in ("discriminator", "generator") for d in "ab"]
    assert [name for name, _ in model.names] == [*names, "fake_noise_a", "fake_noise_b"]
    assert {shape for _, shape in model.names} == {(2, 4, 8, 8)}


def test_the_perceptual_term_holds_a_picture_to_its_translation(tmp_path: Path) -> None:
    torch.manual_seed(1)
    torch.save(Small().network().state_dict(), tmp_path / "vgg16.pth")
    model, real = unit(perceptual=Small(weights=str(tmp_path / "vgg16.pth")), lambda_vgg=2.0), world.batch()
    with torch.no_grad():
        code = codes(model, real)
        noise = {name: torch.zeros_like(code["a"]) for name in ("a", "b", "fake_a", "fake_b")}
        losses = model.generator_loss(real, code, noise)
        (seen,), (kept,) = model.perceptual(model.generator["b"].decoder(code["a"])), model.perceptual(real["a"])
        torch.testing.assert_close(losses["vgg_b"], 2 * domain_invariant(seen, kept), rtol=1e-4, atol=1e-6)
    world.fit(model, world.samples(1))
    assert not any("perceptual" in key for key in model.state_dict())
    nowhere = unit(perceptual=VGG16(weights=str(tmp_path / "nowhere.pth")), lambda_vgg=1.0)
    with pytest.raises(UserError, match=r"there are no weights at .*nowhere.pth: .*model.lambda_vgg=0$"):
        world.fit(nowhere, world.samples(1))


# ---- passes and shared layers


@pytest.mark.parametrize("extra", [{}, {"shared_blocks": 1}, {"lambda_recon_x": 0.0}])
def test_sharing_passes_changes_nothing_but_time(extra: dict[str, Any]) -> None:
    models = [unit(optimizer=world.SLOW_SGD, share_passes=share, **extra) for share in (True, False)]
    for model in models:
        torch.manual_seed(3)
        world.fit(model, world.samples(3), precision="64-true")
    torch.testing.assert_close(world.weights(models[0]), world.weights(models[1]), rtol=1e-10, atol=1e-12)


def test_how_many_passes_an_iteration_takes() -> None:
    for share, more in ((True, {}), (False, {"decoder": 8, "discriminator": 6})):
        model = unit(share_passes=share)
        calls = listen(model)
        world.fit(model, world.samples(1))
        assert calls == FULL | more


def test_the_domains_share_layers_if_told_to(tmp_path: Path) -> None:
    model = unit(shared_blocks=1)
    a, b = (model.generator[d] for d in "ab")
    assert a.encoder.blocks.blocks[1] is b.encoder.blocks.blocks[1]
    assert a.decoder.blocks.blocks[0] is b.decoder.blocks.blocks[0]
    shared = [*a.encoder.blocks.blocks[1].parameters(), *a.decoder.blocks.blocks[0].parameters()]
    count = sum(p.numel() for p in model.parameters())
    assert count == sum(p.numel() for p in unit().parameters()) - sum(p.numel() for p in shared)
    trainer = world.fit(model, world.samples(1))
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    again = UNIT.load_from_checkpoint(tmp_path / "model.ckpt")
    assert again.generator["a"].encoder.blocks.blocks[1] is again.generator["b"].encoder.blocks.blocks[1]
    assert torch.equal(world.weights(again), world.weights(model))
    with pytest.raises(UserError, match="shared_blocks=3: there are 2"):
        unit(shared_blocks=3)


# ---- translating


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (16, 16), (21, 18)])
def test_both_directions_take_any_size(size: tuple[int, int]) -> None:
    model = unit().eval()
    for direction in model.directions:
        assert model.translate(torch.zeros(2, 3, *size), direction).shape == (2, 3, *size)


@torch.no_grad()
def test_translations_are_fixed_unless_noise_is_asked_for() -> None:
    model, images = unit().eval(), world.batch(1)["a"]
    plain = model.translate(images)
    assert torch.equal(plain, model.translate(images))
    assert torch.equal(plain, model.generator["b"].decoder(model.generator["a"].encoder(images)))
    noisy = unit(test_time_noise=True).eval()
    torch.manual_seed(1)
    one = noisy.translate(images)
    assert not torch.equal(one, noisy.translate(images))
    torch.manual_seed(1)
    assert torch.equal(one, noisy.translate(images))
    seeded = [model.translate(images, seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(seeded[0], seeded[1])
    assert not torch.equal(seeded[0], seeded[2])
    assert not torch.equal(seeded[0], plain)
    with pytest.raises(UserError, match="UNIT translates ab or ba, not aa"):
        model.translate(images, "aa")


@torch.no_grad()
def test_what_it_shows_and_scores() -> None:
    data, model = world.batch(), unit().eval()
    pictures = model.visuals(data)
    assert list(pictures) == ["real_a", "rec_a", "fake_b", "cycle_a", "real_b", "rec_b", "fake_a", "cycle_b"]
    assert torch.equal(pictures["cycle_a"], model.translate(model.translate(data["a"]), "ba"))
    assert torch.equal(pictures["rec_b"], model.generator["b"].decoder(model.generator["b"].encoder(data["b"])))
    scores = model.scores(data)
    assert set(scores) == {"recon_x_a", "recon_x_b", "cycle_a", "cycle_b"}
    torch.testing.assert_close(scores["recon_x_b"], (pictures["rec_b"] - data["b"]).abs().mean())
    torch.testing.assert_close(scores["cycle_a"], (pictures["cycle_a"] - data["a"]).abs().mean())


# ---- in a Trainer


def test_it_trains_validates_tests_and_predicts_without_a_config(tmp_path: Path) -> None:
    model, loader = unit(), DataLoader(world.samples(3), batch_size=2)
    trainer = Trainer(max_epochs=2, accelerator="cpu", default_root_dir=tmp_path, enable_progress_bar=False)
    trainer.fit(model, loader, loader)
    assert (trainer.global_step, model.images_seen) == (4, 6)
    assert {f"val/{name}_{d}" for name in ("recon_x", "cycle") for d in "ab"} <= trainer.callback_metrics.keys()
    predicted = trainer.predict(model, loader)
    assert predicted is not None
    with torch.no_grad():
        torch.testing.assert_close(torch.cat(predicted), model.translate(world.batch(3)["a"]))
    (file,) = tmp_path.rglob("*.ckpt")
    assert torch.equal(world.weights(UNIT.load_from_checkpoint(file)), world.weights(model))
