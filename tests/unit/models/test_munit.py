"""MUNIT beyond its golden cases: weights, styles, passes, translating, the perceptual term, life in a Trainer."""

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
from gan_zoo.layers.attention import SelfAttention
from gan_zoo.layers.norm import batch_norm
from gan_zoo.losses.adversarial import LeastSquares
from gan_zoo.losses.perceptual import domain_invariant
from gan_zoo.models import MUNIT
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import StridedPatch, StyleAutoEncoder
from gan_zoo.networks.vgg import VGG, VGG16
from gan_zoo.training.schedules import Halving
from tests.unit import world

CODER = partial(StyleAutoEncoder, style_dim=2, ngf=2, mlp_dim=4, n_downs=1, n_blocks=1)
JUDGE = partial(MultiScale, n_scales=2, ndf=2, each=partial(StridedPatch, n_layers=2))
TERMS = {"adv", "recon_x", "recon_c", "recon_s"}


class Small(VGG16):
    """A judge of one convolution, with a file of its own."""

    def network(self) -> VGG:
        return VGG(((4,),), taps=(1,), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def munit(**arguments: Any) -> MUNIT:
    """The same weights each time."""
    torch.manual_seed(0)
    return MUNIT(**{"generator": CODER, "discriminator": JUDGE, **arguments})


class Drawn(MUNIT):
    """Draws zeros, and notes what for."""

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        self.__dict__.setdefault("names", []).append((name, shape))
        return torch.zeros(shape)


def listen(model: MUNIT) -> Counter[str]:
    """Counts of passes by network."""
    calls: Counter[str] = Counter()
    for coder in model.generator.values():
        for part in ("style_encoder", "content_encoder", "decoder"):
            getattr(coder, part).register_forward_hook(lambda *_, part=part: calls.update([part]))
    for judge in model.discriminator.values():
        judge.register_forward_hook(lambda *_: calls.update(["discriminator"]))
    return calls


def test_a_bare_constructor_gives_the_papers_model() -> None:
    with torch.device("meta"):
        model = MUNIT()
    for d in "ab":
        assert sum(p.numel() for p in model.generator[d].parameters()) == 15_026_187
        assert sum(p.numel() for p in model.discriminator[d].parameters()) == 8_271_171
    weights = (model.lambda_adv, model.lambda_recon_x, model.lambda_recon_c, model.lambda_recon_s)
    assert weights == (1.0, 10.0, 1.0, 1.0)
    assert (model.lambda_cycle, model.lambda_vgg, model.style_dim) == (0.0, 0.0, 8)
    assert (model.adversarial, model.schedule) == (LeastSquares(), Halving(100_000, 0.5))
    assert not any(isinstance(layer, SelfAttention) for layer in model.modules())
    for optimizer in model.configure_optimizers():
        told = optimizer.defaults
        assert (told["lr"], told["betas"], told["weight_decay"], told["eps"]) == (1e-4, (0.5, 0.999), 1e-4, 1e-8)


# ---- the objective


@pytest.mark.parametrize(
    ("weights", "gone", "passes"),
    [
        ({}, set(), {"style_encoder": 4, "content_encoder": 4, "decoder": 4, "discriminator": 4}),
        ({"lambda_recon_x": 0.0}, {"recon_x"}, {"style_encoder": 2}),
        ({"lambda_recon_c": 0.0}, {"recon_c"}, {"content_encoder": 2}),
        ({"lambda_recon_s": 0.0}, {"recon_s"}, {"style_encoder": 2}),
        ({"lambda_adv": 0.0}, {"adv"}, {"discriminator": 0, "decoder": 2}),
        ({"lambda_recon_c": 0.0, "lambda_cycle": 2.0}, {"recon_c"}, {"decoder": 6}),
    ],
)
def test_a_weight_of_zero_removes_its_term_and_its_passes(
    weights: dict[str, float], gone: set[str], passes: dict[str, int]
) -> None:
    model = munit(**weights)
    calls = listen(model)
    world.fit(model, world.samples(1))
    found = {name[10:-2] for name in model.terms if name.startswith("generator/")}
    assert found == (TERMS - gone) | ({"cycle"} if model.lambda_cycle else set())
    full = {"style_encoder": 4, "content_encoder": 4, "decoder": 4, "discriminator": 4}
    assert {part: calls[part] for part in full} == full | passes


@torch.no_grad()
def test_terms_are_weighted_and_named_by_the_domain_that_they_are_about() -> None:
    ones = {f"lambda_{name}": 1.0 for name in ("recon_x", "cycle")}
    plain, real = munit(**ones), world.batch()
    content = {d: plain.generator[d].content_encoder(real[d]) for d in "ab"}
    style = {d: torch.randn(2, 2, generator=torch.Generator().manual_seed(5)) for d in "ab"}
    base = plain.generator_loss(real, content, style)
    own = plain.encode_style(real["a"], "ba")
    fake = plain.generator["b"].decode(content["a"], style["b"])
    again = plain.generator["b"].content_encoder(fake)
    expected = {
        "adv_b": sum((score - 1).square().mean() for score in plain.discriminator["b"](fake)),
        "recon_x_a": (plain.generator["a"].decode(content["a"], own) - real["a"]).abs().mean(),
        "recon_c_a": (again - content["a"]).abs().mean(),
        "recon_s_b": (plain.encode_style(fake, "ab") - style["b"]).abs().mean(),
        "cycle_a": (plain.generator["a"].decode(again, own) - real["a"]).abs().mean(),
    }
    for name, value in expected.items():
        torch.testing.assert_close(base[name], value, rtol=1e-4, atol=1e-6)
        heavy = munit(**ones | {f"lambda_{name[:-2]}": 3.0}).generator_loss(real, content, style)
        torch.testing.assert_close(heavy[name], 3 * base[name], rtol=1e-4, atol=1e-6)


@torch.no_grad()
def test_discriminators_sum_over_scales_and_do_not_halve() -> None:
    model, real = munit(lambda_adv=2.0), world.batch()
    fake = {d: -real[d] for d in "ab"}
    losses = model.discriminator_loss(real, fake)
    assert set(losses) == {"real_a", "fake_a", "real_b", "fake_b"}
    for d in "ab":
        scores = {name: model.discriminator[d](images[d]) for name, images in (("real", real), ("fake", fake))}
        assert len(scores["real"]) == 2
        real_terms = sum((score - 1).square().mean() for score in scores["real"])
        torch.testing.assert_close(losses[f"real_{d}"], 2 * real_terms, rtol=1e-4, atol=1e-6)
        fake_terms = sum(score.square().mean() for score in scores["fake"])
        torch.testing.assert_close(losses[f"fake_{d}"], 2 * fake_terms, rtol=1e-4, atol=1e-6)
        assert 0 <= losses.observed[f"accuracy_{d}"] <= 1


def test_each_player_gets_styles_of_its_own() -> None:
    torch.manual_seed(0)
    model = Drawn(CODER, JUDGE)
    world.fit(model, world.samples(2), batch_size=2)
    players = ("discriminator", "generator")
    assert model.names == [(f"{player}_style_{d}", (2, 2)) for player in players for d in "ab"]
    with torch.random.fork_rng():
        different = munit()
        one, other = different.draw("discriminator_style_a", (2, 2)), different.draw("generator_style_a", (2, 2))
    assert not torch.equal(one, other)


def test_the_target_of_content_reconstruction_learns_too() -> None:
    model = munit(lambda_recon_x=0.0, lambda_recon_s=0.0, lambda_adv=0.0)
    content = {d: torch.rand(2, 4, 8, 8, requires_grad=True) for d in "ab"}
    style = torch.zeros(2, 2)
    losses = model.generator_loss(world.batch(), content, dict.fromkeys("ab", style))
    assert set(losses) == {"recon_c_a", "recon_c_b"}
    again = model.generator["b"].content_encoder(model.generator["b"].decode(content["a"], style))
    (found,) = torch.autograd.grad(losses["recon_c_a"], content["a"])
    (expected,) = torch.autograd.grad((again - content["a"]).abs().mean(), content["a"])
    torch.testing.assert_close(found, expected)


# ---- passes


@pytest.mark.parametrize("extra", [{}, {"lambda_cycle": 10.0}, {"lambda_recon_x": 0.0}])
def test_sharing_passes_changes_nothing_but_time(extra: dict[str, Any]) -> None:
    models = [munit(optimizer=world.SLOW_SGD, share_passes=share, **extra) for share in (True, False)]
    for model in models:
        torch.manual_seed(3)
        world.fit(model, world.samples(3), precision="64-true")
    torch.testing.assert_close(world.weights(models[0]), world.weights(models[1]), rtol=1e-10, atol=1e-12)


def test_how_many_passes_an_iteration_takes() -> None:
    shared = {"style_encoder": 4, "content_encoder": 4, "decoder": 4, "discriminator": 4}
    for share, more in ((True, {}), (False, {"decoder": 6, "discriminator": 6})):
        model = munit(share_passes=share)
        calls = listen(model)
        world.fit(model, world.samples(1))
        assert calls == shared | more


def test_batch_norm_forbids_sharing_the_discriminators_passes() -> None:
    mixing = partial(MultiScale, n_scales=1, ndf=2, each=partial(StridedPatch, n_layers=2, norm=batch_norm))
    assert munit().merges
    assert not munit(discriminator=mixing).merges


def test_domains_of_unlike_sizes_and_channels() -> None:
    model = munit(channels={"a": 1, "b": 3})
    before = {name: p.detach().clone() for name, p in model.named_parameters() if p.dim() > 1}
    world.fit(model, [{"a": torch.rand(1, 16, 16), "b": torch.rand(3, 16, 20)}])
    after = dict(model.named_parameters())
    assert not [name for name, value in before.items() if torch.equal(after[name], value)]
    assert model.translate(torch.zeros(1, 1, 16, 16)).shape == (1, 3, 16, 16)


# ---- the perceptual term


def random_judge(path: Path) -> Small:
    torch.manual_seed(1)
    torch.save(Small().network().state_dict(), path)
    return Small(weights=str(path))


def test_the_perceptual_term_holds_a_picture_to_its_translation(tmp_path: Path) -> None:
    model, real = munit(perceptual=random_judge(tmp_path / "vgg16.pth"), lambda_vgg=2.0), world.batch()
    with torch.no_grad():
        content = {d: model.generator[d].content_encoder(real[d]) for d in "ab"}
        style = {d: torch.zeros(2, 2) for d in "ab"}
        losses = model.generator_loss(real, content, style)
        fake = model.generator["b"].decode(content["a"], style["b"])
        (seen,), (kept,) = model.perceptual(fake), model.perceptual(real["a"])
        torch.testing.assert_close(losses["vgg_b"], 2 * domain_invariant(seen, kept), rtol=1e-4, atol=1e-6)
    world.fit(model, world.samples(1))
    assert {"generator/vgg_a", "generator/vgg_b"} <= model.terms.keys()
    assert not any("perceptual" in key for key in model.state_dict())


def test_without_weights_for_the_perceptual_term_one_line_says_what_to_do(tmp_path: Path) -> None:
    model = munit(perceptual=VGG16(weights=str(tmp_path / "nowhere.pth")), lambda_vgg=1.0)
    with pytest.raises(UserError, match=r"there are no weights at .*nowhere.pth: .*model.lambda_vgg=0$"):
        world.fit(model, world.samples(1))
    world.fit(munit(perceptual=VGG16(weights=str(tmp_path / "nowhere.pth"))), world.samples(1))


# ---- attention


def test_attention_is_an_option() -> None:
    wide = {"generator": partial(CODER, ngf=8), "discriminator": partial(JUDGE, ndf=8)}
    counts = {}
    for name in ("none", "reference", "encoder", "decoder", "discriminator", "all"):
        model = munit(**wide, attention=name)
        layers = [module for module in model.modules() if isinstance(module, SelfAttention)]
        counts[name] = len(layers)
        assert all(not layer.gamma.any() for layer in layers)  # a new layer changes nothing
    # By domain: one halving, one doubling, and two scales of one later halving and a last layer.
    assert counts == {"none": 0, "reference": 6, "encoder": 2, "decoder": 2, "discriminator": 4, "all": 8}
    with pytest.raises(UserError, match="did you mean reference"):
        munit(**wide, attention="referense")
    with pytest.raises(UserError, match="needs 8 channels, not 2"):
        munit(attention="all")


# ---- translating


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (16, 16), (21, 18)])
def test_both_directions_take_any_size(size: tuple[int, int]) -> None:
    model = munit().eval()
    for direction in model.directions:
        for style in (None, torch.zeros(2, 2)):
            assert model.translate(torch.zeros(2, 3, *size), direction, style).shape == (2, 3, *size)


@torch.no_grad()
def test_styles_are_given_or_drawn() -> None:
    model, images = munit().eval(), world.batch(2)["a"]
    zeros, ones = (model.translate(images, style=torch.full((2, 2), value)) for value in (0.0, 1.0))
    assert not torch.equal(zeros, ones)
    assert torch.equal(model.translate(images, style=torch.zeros(2, 2)), zeros)
    assert not torch.equal(model.translate(images), model.translate(images))
    content = model.generator["a"].content_encoder(images)
    torch.testing.assert_close(zeros, model.generator["b"].decode(content, torch.zeros(2, 2)))
    with pytest.raises(UserError, match="MUNIT translates ab or ba, not aa"):
        model.translate(images, "aa")


@torch.no_grad()
def test_a_style_is_read_from_a_picture_of_the_target_domain() -> None:
    model, data = munit().eval(), world.batch(2)
    found = model.encode_style(data["b"], "ab")
    assert found.shape == (2, 2)
    torch.testing.assert_close(found, model.generator["b"].style_encoder(data["b"]))
    torch.testing.assert_close(model.encode_style(data["a"], "ba"), model.generator["a"].style_encoder(data["a"]))


def test_styles_lie_on_the_line_between_two() -> None:
    between = munit().interpolate(torch.tensor([0.0, 4.0]), torch.tensor([1.0, 0.0]), 5)
    torch.testing.assert_close(between[:, 0], torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]))
    torch.testing.assert_close(between[:, 1], torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0]))


@torch.no_grad()
def test_what_it_shows_and_scores() -> None:
    data, model = world.batch(), munit().eval()
    pictures = model.visuals(data)
    styled = ("1", "2", "3", "guided")
    assert list(pictures) == [
        name
        for d, other in ("ab", "ba")
        for name in (f"real_{d}", f"rec_{d}", *(f"fake_{other}_{style}" for style in styled))
    ]
    again = model.visuals(data)
    assert all(torch.equal(pictures[name], again[name]) for name in pictures)  # the same styles at all times
    guided = model.translate(data["a"], "ab", model.encode_style(data["b"], "ab"))
    assert torch.equal(pictures["fake_b_guided"], guided)
    scores = model.scores(data)
    assert set(scores) == {"recon_x_a", "recon_x_b", "cycle_a", "cycle_b"}
    torch.testing.assert_close(scores["recon_x_a"], (pictures["rec_a"] - data["a"]).abs().mean())
    back = model.translate(guided, "ba", model.encode_style(data["a"], "ba"))
    torch.testing.assert_close(scores["cycle_a"], (back - data["a"]).abs().mean())


# ---- in a Trainer


def test_it_trains_validates_tests_and_predicts_without_a_config(tmp_path: Path) -> None:
    model, loader = munit(), DataLoader(world.samples(3), batch_size=2)
    trainer = Trainer(max_epochs=2, accelerator="cpu", default_root_dir=tmp_path, enable_progress_bar=False)
    trainer.fit(model, loader, loader)
    assert trainer.global_step == 4
    assert model.images_seen == 6
    assert {f"val/{name}_{d}" for name in ("recon_x", "cycle") for d in "ab"} <= trainer.callback_metrics.keys()
    (validated,) = trainer.validate(model, loader, verbose=False)
    (tested,) = trainer.test(model, loader, verbose=False)
    assert validated["val/cycle_a"] == pytest.approx(tested["test/cycle_a"])
    predicted = trainer.predict(model, loader)
    assert predicted is not None
    assert torch.cat(predicted).shape == (3, 3, 16, 16)
    (file,) = tmp_path.rglob("*.ckpt")
    assert torch.equal(world.weights(MUNIT.load_from_checkpoint(file)), world.weights(model))


def test_rates_halve_by_iterations() -> None:
    trainer = world.fit(munit(schedule=Halving(every=2)), world.samples(5))  # the fifth has halved twice
    assert [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers] == pytest.approx([1e-4 / 4] * 2)
