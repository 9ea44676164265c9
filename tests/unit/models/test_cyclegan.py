"""CycleGAN beyond its golden cases: noise, channels, shared passes, translating, life in a Trainer."""

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
from gan_zoo.layers.norm import batch_norm
from gan_zoo.losses.adversarial import LeastSquares, Vanilla, Wasserstein
from gan_zoo.models import CycleGAN
from gan_zoo.training.schedules import Linear
from tests.unit import world
from tests.unit.world import cyclegan

STAR = {"generator": world.DROPOUT_UNET, "nz": 8, "test_time_noise": True}  # the MUNIT paper's baseline


def test_a_bare_constructor_gives_the_papers_model() -> None:
    model = CycleGAN()
    for direction in ("ab", "ba"):
        assert sum(p.numel() for p in model.generator[direction].parameters()) == 11_378_179
    for domain in "ab":
        assert sum(p.numel() for p in model.discriminator[domain].parameters()) == 2_764_737
    assert model.lambda_cycle == {"a": 10.0, "b": 10.0}
    assert (model.lambda_idt, model.lambda_gp, model.nz) == (0.5, 0.0, 0)
    assert {pool.capacity for pool in model.pool.values()} == {50}
    assert model.adversarial == LeastSquares()
    assert model.schedule == Linear(100, 100)
    assert len(model.configure_optimizers()) == 2


# ---- objectives


@torch.no_grad()
def test_weights_of_cycle_and_identity_by_domain() -> None:
    model, real = cyclegan(lambda_cycle={"a": 2.0, "b": 3.0}, lambda_idt=0.25), world.batch()
    fake, rec, idt = ({d: real[d] * scale + shift for d in "ab"} for scale, shift in ((0, 0), (1, -0.25), (1, 0.5)))
    losses = model.generator_loss(real, fake, rec, idt)
    assert losses["idt_a"].item() == pytest.approx(2.0 * 0.25 * 0.5, rel=1e-5)
    assert losses["idt_b"].item() == pytest.approx(3.0 * 0.25 * 0.5, rel=1e-5)
    assert losses["cycle_a"].item() == pytest.approx(2.0 * 0.25, rel=1e-5)
    assert losses["cycle_b"].item() == pytest.approx(3.0 * 0.25, rel=1e-5)
    score = model.discriminator["b"](fake["b"])
    torch.testing.assert_close(losses["adv_b"], (score - 1).square().mean())


@torch.no_grad()
def test_each_discriminator_judges_reals_and_former_fakes_of_its_domain() -> None:
    model, real = cyclegan(), world.batch()
    fake = {d: -real[d] for d in "ab"}
    losses = model.discriminator_loss(real, fake, {})
    assert set(losses) == {"real_a", "fake_a", "real_b", "fake_b"}
    for d in "ab":
        real_score, fake_score = model.discriminator[d](real[d]), model.discriminator[d](fake[d])
        torch.testing.assert_close(losses[f"real_{d}"], 0.5 * (real_score - 1).square().mean())
        torch.testing.assert_close(losses[f"fake_{d}"], 0.5 * fake_score.square().mean())
        accuracy = LeastSquares().accuracy(real_score, fake_score)
        torch.testing.assert_close(losses.observed[f"accuracy_{d}"], accuracy)


@torch.no_grad()
def test_which_image_is_made_of_which() -> None:
    for share in (True, False):
        model, real = cyclegan(share_passes=share), world.batch()
        fake, rec, idt = model.generate(real, {})
        ab, ba = model.generator["ab"], model.generator["ba"]
        expected = [ab(real["a"]), ba(real["b"]), ba(fake["b"]), ab(fake["a"]), ba(real["a"]), ab(real["b"])]
        found = [fake["b"], fake["a"], rec["a"], rec["b"], idt["a"], idt["b"]]
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_one_weight_stands_for_both_domains() -> None:
    assert cyclegan(lambda_cycle=4.0).lambda_cycle == {"a": 4.0, "b": 4.0}


def test_without_identity_its_passes_are_left_out() -> None:
    model, calls = cyclegan(lambda_idt=0.0), count_calls()
    listen(model, calls)
    world.fit(model, world.samples(1))
    assert not any(name.startswith("generator/idt") for name in model.terms)
    assert calls["generator.ab"] == calls["generator.ba"] == 2


def test_domains_of_unlike_channels() -> None:
    with pytest.raises(UserError, match=r"identity term needs domains of equal channels: set model\.lambda_idt=0"):
        cyclegan(channels={"a": 1, "b": 3})
    model = cyclegan(channels={"a": 1, "b": 3}, lambda_idt=0.0)
    assert_both_move(model, world.samples(2, a=1, b=3))
    assert model.translate(torch.zeros(1, 1, 16, 16)).shape == (1, 3, 16, 16)
    assert model.translate(torch.zeros(1, 3, 16, 16), "ba").shape == (1, 1, 16, 16)
    assert set(model.scores(world.batch(1, a=1, b=3))) == {"cycle_a", "cycle_b"}


def assert_both_move(model: CycleGAN, data: Any) -> None:
    # Biases in front of an instance norm have gradients of rounding noise: only weights must move.
    before = {name: p.detach().clone() for name, p in model.named_parameters() if p.dim() > 1}
    world.fit(model, data)
    after = dict(model.named_parameters())
    assert not [name for name, value in before.items() if torch.equal(after[name], value)]


@pytest.mark.parametrize(
    "variant",
    [
        {"channels": {"a": 1, "b": 1}},
        {"channels": {"a": 5, "b": 5}},
        {"adversarial": Vanilla(), "pool_size": 0},
        {"adversarial": Wasserstein(), "lambda_gp": 10.0},
        {"generator": world.UNET},
        {"generator": partial(world.UNET, norm=batch_norm), "discriminator": partial(world.PATCHGAN, norm=batch_norm)},
        {"nz": 2},
    ],
)
def test_variants_train_every_network(variant: dict[str, Any]) -> None:
    channels = variant.get("channels", {"a": 3, "b": 3})
    assert_both_move(cyclegan(**variant), world.samples(2, a=channels["a"], b=channels["b"]))


class Drawn(CycleGAN):
    """Draws a given number, and notes what for."""

    value = 0.0

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        self.__dict__.setdefault("names", []).append((name, shape))
        return torch.full(shape, self.value)


def drawn(value: float, **arguments: Any) -> Drawn:
    torch.manual_seed(0)
    model = Drawn(**{"generator": world.RESNET, "discriminator": world.PATCHGAN, **arguments})
    model.value = value
    return model


def test_the_penalty_is_drawn_for_each_domain() -> None:
    model = drawn(0.0, adversarial=Wasserstein(), lambda_gp=10.0)
    world.fit(model, world.samples(2), batch_size=2)
    assert model.names == [("alpha_a", (2, 1)), ("alpha_b", (2, 1))]
    assert model.terms["discriminator/gp_a"] > 0
    assert model.terms["discriminator/gp_b"] > 0


# ---- noise (the MUNIT paper's baseline)


def test_each_pass_has_its_own_noise_by_name_and_no_other() -> None:
    model = drawn(0.0, nz=8)
    world.fit(model, world.samples(2), batch_size=2)
    names = [f"{kind}_{domain}" for kind in ("fake", "rec", "idt") for domain in "ab"]
    assert sorted(model.names) == sorted((name, (2, 8)) for name in names)
    plain = drawn(0.0)
    world.fit(plain, world.samples(1))
    assert "names" not in plain.__dict__


def test_what_is_drawn_matters_to_training() -> None:
    results = []
    for value in (0.0, 1.0, 1.0):
        model = drawn(value, nz=8, optimizer=world.SLOW_SGD)
        world.fit(model, world.samples(1))
        results.append(world.weights(model))
    assert torch.equal(results[1], results[2])
    assert not torch.equal(results[0], results[1])


def test_noise_is_constant_over_the_picture_behind_its_channels() -> None:
    images, noise = torch.zeros(2, 3, 4, 5), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    joined = cyclegan(nz=2).with_noise(images, noise)
    assert joined.shape == (2, 5, 4, 5)
    assert torch.equal(joined[:, :3], images)
    assert torch.equal(joined[:, 3:], noise[:, :, None, None].expand(2, 2, 4, 5))
    assert cyclegan().with_noise(images, torch.zeros(2, 0)) is images


def test_the_baseline_trains_and_translates_with_noise_and_dropout() -> None:
    model = cyclegan(**STAR)
    assert not model.merges["generator"]  # dropout is drawn for each pass
    assert_both_move(model, world.samples(2, 64))
    model.eval()
    images, noise = world.batch(1, 64)["a"], torch.zeros(1, 8)
    assert not torch.equal(model.translate(images, noise=noise), model.translate(images, noise=noise))
    torch.manual_seed(1)
    one = model.translate(images, noise=noise)
    torch.manual_seed(1)
    assert torch.equal(model.translate(images, noise=noise), one)


def test_noise_can_be_given_or_is_drawn_in_translating() -> None:
    model = cyclegan(nz=2).eval()
    images = world.batch(1)["a"]
    zeros, ones = (model.translate(images, noise=torch.full((1, 2), value)) for value in (0.0, 1.0))
    assert not torch.equal(zeros, ones)
    assert torch.equal(model.translate(images, noise=torch.zeros(1, 2)), zeros)
    assert not torch.equal(model.translate(images), model.translate(images))


# ---- passes


def count_calls() -> Counter[str]:
    return Counter()


def listen(model: CycleGAN, calls: Counter[str]) -> None:
    for player in model.players:
        for name, net in getattr(model, player).items():
            net.register_forward_hook(lambda *_, key=f"{player}.{name}": calls.update([key]))


@pytest.mark.parametrize("extra", [{}, {"nz": 2}, {"lambda_idt": 0.0}, {"lambda_gp": 1.0}])
def test_sharing_passes_changes_nothing_but_time(extra: dict[str, Any]) -> None:
    models = [cyclegan(optimizer=world.SLOW_SGD, pool_size=2, share_passes=share, **extra) for share in (True, False)]
    for model in models:
        torch.manual_seed(3)
        world.fit(model, world.samples(3), precision="64-true")
    torch.testing.assert_close(world.weights(models[0]), world.weights(models[1]), rtol=1e-10, atol=1e-12)


def test_how_many_passes_an_iteration_takes() -> None:
    for share, generators, discriminators in ((True, 2, 2), (False, 3, 3)):
        model, calls = cyclegan(share_passes=share), count_calls()
        listen(model, calls)
        world.fit(model, world.samples(1))
        assert calls == {
            **dict.fromkeys(("generator.ab", "generator.ba"), generators),
            **dict.fromkeys(("discriminator.a", "discriminator.b"), discriminators),
        }


def test_batch_norm_sees_the_images_in_the_references_order() -> None:
    model, order = cyclegan(generator=partial(world.UNET, norm=batch_norm)), []
    for direction, net in model.generator.items():
        net.register_forward_hook(lambda *_, direction=direction: order.append(direction))
    world.fit(model, world.samples(1))
    assert order == ["ab", "ba", "ba", "ab", "ab", "ba"]  # fake_b, rec_a, fake_a, rec_b, idt_b, idt_a


def test_domains_of_unlike_sizes_share_no_pass() -> None:
    model = cyclegan(share_passes=True)
    data = [{"a": torch.zeros(3, 16, 16), "b": torch.zeros(3, 16, 24)}]
    calls = count_calls()
    listen(model, calls)
    world.fit(model, data)
    assert calls["generator.ab"] == 3


def test_batch_norm_and_dropout_forbid_sharing() -> None:
    assert cyclegan().merges == {"generator": True, "discriminator": True}
    mixed = cyclegan(
        generator=partial(world.RESNET, dropout=True), discriminator=partial(world.PATCHGAN, norm=batch_norm)
    )
    assert mixed.merges == {"generator": False, "discriminator": False}


def test_the_pools_keep_fakes_and_are_the_models_own() -> None:
    model = cyclegan(pool_size=3)
    world.fit(model, world.samples(2), batch_size=2)
    assert {name: len(pool.images) for name, pool in model.rank_local.items()} == {"pool_a": 2, "pool_b": 2}
    assert not any(image.requires_grad for pool in model.pool.values() for image in pool.images)
    assert cyclegan(pool_size=3).pool["a"].images == []


# ---- translating


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (16, 16), (21, 18)])
def test_both_directions_take_any_size(size: tuple[int, int]) -> None:
    model = cyclegan().eval()
    for direction in model.directions:
        out = model.translate(torch.zeros(2, 3, *size), direction)
        assert out.shape == (2, 3, *size)


def test_directions_are_two_networks() -> None:
    model, images = cyclegan().eval(), world.batch(1)["a"]
    assert torch.equal(model.translate(images), model.generator["ab"](images))
    assert torch.equal(model.translate(images, "ba"), model.generator["ba"](images))
    assert not torch.equal(model.translate(images, "ba"), model.translate(images))


def test_another_direction_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match="CycleGAN translates ab or ba, not aa"):
        cyclegan().translate(torch.zeros(1, 3, 16, 16), direction="aa")


@torch.no_grad()
def test_what_it_shows_and_scores() -> None:
    data, model = world.batch(), cyclegan().eval()
    pictures = model.visuals(data)
    assert list(pictures) == ["real_a", "fake_b", "rec_a", "real_b", "fake_a", "rec_b"]
    assert torch.equal(pictures["rec_a"], model.translate(model.translate(data["a"], "ab"), "ba"))
    scores = model.scores(data)
    assert list(scores) == ["cycle_a", "idt_b", "cycle_b", "idt_a"]
    torch.testing.assert_close(scores["cycle_b"], (pictures["rec_b"] - data["b"]).abs().mean())
    torch.testing.assert_close(scores["idt_b"], (model.generator["ab"](data["b"]) - data["b"]).abs().mean())


# ---- in a Trainer


def test_it_trains_validates_tests_and_predicts_without_a_config(tmp_path: Path) -> None:
    model, loader = cyclegan(), DataLoader(world.samples(3), batch_size=2)
    trainer = Trainer(max_epochs=2, accelerator="cpu", default_root_dir=tmp_path, enable_progress_bar=False)
    trainer.fit(model, loader, loader)
    assert trainer.global_step == 4
    assert model.images_seen == 6
    assert {"val/cycle_a", "val/cycle_b", "val/idt_a", "val/idt_b"} <= trainer.callback_metrics.keys()
    (validated,) = trainer.validate(model, loader, verbose=False)
    (tested,) = trainer.test(model, loader, verbose=False)
    assert validated["val/cycle_a"] == pytest.approx(tested["test/cycle_a"])
    predicted = trainer.predict(model, loader)
    assert predicted is not None
    with torch.no_grad():
        torch.testing.assert_close(torch.cat(predicted), model.translate(world.batch(3)["a"]))
    (file,) = tmp_path.rglob("*.ckpt")
    assert torch.equal(world.weights(CycleGAN.load_from_checkpoint(file)), world.weights(model))


def test_two_loaders_may_give_the_two_domains() -> None:
    loaders = {name: DataLoader([sample[name] for sample in world.samples(3)]) for name in "ab"}
    model = cyclegan()
    world.trainer().fit(model, loaders)
    assert model.images_seen == 3
