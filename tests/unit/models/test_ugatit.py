"""U-GAT-IT beyond its golden cases: weights, passes, rho, running means, sizes, ablations, life in a Trainer."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor
from torch.optim import SGD
from torch.utils.data import DataLoader

from gan_zoo.errors import UserError
from gan_zoo.layers.adalin import LIN, AdaLIN
from gan_zoo.layers.heatmap import overlay
from gan_zoo.losses.adversarial import LeastSquares, Vanilla
from gan_zoo.models import UGATIT
from gan_zoo.networks.ugatit import CAM, NORMS, Discriminator, Generator
from gan_zoo.training.schedules import Constant, LinearSecondHalf
from tests.unit import world

LIGHT = partial(Generator, ngf=2, n_blocks=1, light=True)
FULL = partial(Generator, ngf=1, n_blocks=1, size=16)
SCOPES = {"global": 4, "local": 3}  # these judge pictures from 12 px on
ROUGH = partial(SGD, lr=0.1)  # half of the norms begin at 0: any step down leaves [0, 1]
TERMS = {"global", "local", "global_cam", "local_cam", "cycle", "idt", "cam"}


def ugatit(**arguments: Any) -> UGATIT:
    """The same weights each time; a constant rate."""
    torch.manual_seed(0)
    small = {"generator": LIGHT, "discriminator": partial(Discriminator, ndf=2), "scopes": SCOPES}
    return UGATIT(**{**small, "schedule": Constant(), **arguments})


def listen(model: UGATIT) -> Counter[str]:
    """Counts of passes by network."""
    calls: Counter[str] = Counter()
    for name, network in model.generator.items():
        network.register_forward_hook(lambda *_, name=name: calls.update([name]))
    for d, judges in model.discriminator.items():
        for scope, judge in judges.items():
            judge.register_forward_hook(lambda *_, name=f"{scope}_{d}": calls.update([name]))
    return calls


def rhos(model: UGATIT) -> Tensor:
    return torch.cat([m.rho.detach().flatten() for m in model.generator.modules() if isinstance(m, AdaLIN | LIN)])


def test_a_bare_constructor_gives_the_papers_model() -> None:
    with torch.device("meta"):
        model = UGATIT()
    for direction in ("ab", "ba"):
        assert sum(p.numel() for p in model.generator[direction].parameters()) == 278_959_808
    for d in "ab":
        assert sum(p.numel() for p in model.discriminator[d]["global"].parameters()) == 53_130_176
        assert sum(p.numel() for p in model.discriminator[d]["local"].parameters()) == 3_290_560
    assert (model.lambda_adv, model.lambda_cycle, model.lambda_idt, model.lambda_cam) == (1.0, 10.0, 10.0, 1000.0)
    assert (model.adversarial, model.schedule) == (LeastSquares(), LinearSecondHalf(1_000_000))
    assert model.average is None
    for optimizer in model.configure_optimizers():
        told = optimizer.defaults
        assert (told["lr"], told["betas"], told["weight_decay"], told["eps"]) == (1e-4, (0.5, 0.999), 1e-4, 1e-8)


def test_the_light_head_has_fewer_weights() -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in Generator(light=True).parameters()) == 10_589_888


# ---- the objective


def evaluated(model: UGATIT) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Pictures by name, and both players' losses, without power iterations that would change the judges."""
    model.eval()
    real = world.batch()
    fake, kept, logits = model.generate(real)
    pictures = {f"{name}_{d}": images[d] for name, images in (("fake", fake), ("kept", kept)) for d in "ab"}
    return pictures, model.discriminator_loss(real, fake), model.generator_loss(real, fake, kept, logits)


@torch.no_grad()
def test_every_term_is_its_formula() -> None:
    model, real = ugatit().double(), world.batch()
    real = {d: images.double() for d, images in real.items()}
    model.eval()
    fake, kept, logits = model.generate(real)
    judging = model.discriminator_loss(real, fake)
    making = model.generator_loss(real, fake, kept, logits)
    assert {name[:-2] for name in judging} == {"global", "local", "global_cam", "local_cam"}
    assert {name[:-2] for name in making} == TERMS
    expected_judging, expected_making = {}, {}
    for s, t in ("ab", "ba"):
        generator = model.generator[s + t]
        for scope, judge in model.discriminator[t].items():
            truth, lie = judge(real[t]), judge(generator(real[s]).out)
            for name, seen, made in ((scope, truth.out, lie.out), (f"{scope}_cam", truth.logits, lie.logits)):
                expected_judging[f"{name}_{t}"] = (seen - 1).square().mean() + made.square().mean()
                expected_making[f"{name}_{t}"] = (made - 1).square().mean()
        back = model.generator[t + s](generator(real[s]).out).out
        source, target = generator(real[s]).logits, generator(real[t])
        expected_making[f"cycle_{s}"] = 10 * (back - real[s]).abs().mean()
        expected_making[f"idt_{t}"] = 10 * (target.out - real[t]).abs().mean()
        entropy = torch.nn.functional.binary_cross_entropy_with_logits
        told = entropy(source, torch.ones_like(source)) + entropy(target.logits, torch.zeros_like(source))
        expected_making[f"cam_{t}"] = 1000 * told
    torch.testing.assert_close(dict(judging), expected_judging, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(dict(making), {name: expected_making[name] for name in making}, rtol=1e-10, atol=1e-12)


@torch.no_grad()
@pytest.mark.parametrize(
    ("weight", "terms"),
    [
        ("lambda_adv", {"global", "local", "global_cam", "local_cam"}),
        *(("lambda_" + term, {term}) for term in ("cycle", "idt", "cam")),
    ],
)
def test_a_weight_multiplies_its_terms_alone(weight: str, terms: set[str]) -> None:
    before = evaluated(ugatit())
    after = evaluated(ugatit(**{weight: 3 * getattr(ugatit(), weight)}))
    for player in (1, 2):
        for name, value in before[player].items():
            factor = 3.0 if name[:-2] in terms else 1.0
            torch.testing.assert_close(after[player][name], factor * value, msg=name)


def test_other_games_than_least_squares() -> None:
    losses = evaluated(ugatit(adversarial=Vanilla()))[1]
    assert all(torch.isfinite(value) for value in losses.values())
    assert not torch.equal(losses["global_a"], evaluated(ugatit())[1]["global_a"])


# ---- order and passes


def test_discriminators_play_first_and_generators_meet_the_updated_ones() -> None:
    order, model = list[str](), ugatit(optimizer=world.SLOW_SGD)
    first = {name: p.detach().clone() for name, p in model.named_parameters()}
    of = {"discriminator": model.discriminator_loss, "generator": model.generator_loss}

    def minimize(loss_fn: Any, *args: Any, over: str) -> None:
        assert loss_fn == of[over]
        moved = [name for name, p in model.named_parameters() if not torch.equal(p, first[name])]
        assert all(name.startswith("discriminator") for name in moved)
        assert bool(moved) == bool(order)
        order.append(over)
        UGATIT.minimize(model, loss_fn, *args, over=over)

    model.minimize = minimize  # type: ignore[method-assign]
    world.fit(model, world.samples(1))
    assert order == ["discriminator", "generator"]


def test_discriminators_get_fakes_without_a_graph_and_generators_the_same_with_one() -> None:
    model, given = ugatit(), {}

    def minimize(loss_fn: Any, real: Any, fake: Any, *rest: Any, over: str) -> None:
        given[over] = fake
        UGATIT.minimize(model, loss_fn, real, fake, *rest, over=over)

    model.minimize = minimize  # type: ignore[method-assign]
    world.fit(model, world.samples(1))
    for d in "ab":
        assert not given["discriminator"][d].requires_grad
        assert given["generator"][d].requires_grad
        assert torch.equal(given["discriminator"][d], given["generator"][d])


@pytest.mark.parametrize(("share", "passes"), [(True, 2), (False, 3)])
def test_how_many_passes_an_iteration_takes(share: bool, passes: int) -> None:
    """Of each generator: translation and identity together, and the way back; each discriminator: real, fake, fake."""
    model = ugatit(share_passes=share)
    calls = listen(model)
    world.fit(model, world.samples(1))
    judges = {f"{scope}_{d}": 3 for scope in SCOPES for d in "ab"}
    assert calls == {"ab": passes, "ba": passes} | judges


def test_sharing_passes_changes_nothing_but_time() -> None:
    models = [ugatit(optimizer=world.SLOW_SGD, share_passes=share) for share in (True, False)]
    for model in models:
        world.fit(model, world.samples(3), precision="64-true")
    torch.testing.assert_close(world.weights(models[0]), world.weights(models[1]), rtol=1e-10, atol=1e-12)


def test_a_discriminators_vectors_move_three_times_an_iteration() -> None:
    """The largest singular value is not known in fewer: putting reals and fakes together would be another sequence."""
    model = ugatit(optimizer=partial(SGD, lr=0.0))
    trunk = model.discriminator["a"]["local"].trunk[4]
    matrix, u = trunk.weight_orig.detach().flatten(1), trunk.weight_u.clone()
    world.fit(model, world.samples(1))
    for _ in range(3):
        v = torch.nn.functional.normalize(matrix.T @ u, dim=0)
        u = torch.nn.functional.normalize(matrix @ v, dim=0)
    torch.testing.assert_close(trunk.weight_u, u)
    torch.testing.assert_close(trunk.weight_v, v)


def test_domains_of_unlike_sizes() -> None:
    model = ugatit()
    calls = listen(model)
    world.fit(model, [{"a": torch.rand(3, 16, 16), "b": torch.rand(3, 16, 20)}])
    assert calls["ab"] == calls["ba"] == 3
    with pytest.raises(UserError, match=r"equal channels: set data\.channels"):
        ugatit(channels={"a": 1, "b": 3})


# ---- rho


@pytest.mark.parametrize("micro_batches", [1, 2])
def test_rho_is_held_to_0_and_1_after_every_step(micro_batches: int) -> None:
    model, ends = ugatit(optimizer=ROUGH), list[tuple[float, float]]()
    outside = list[bool]()

    def before(*_: Any) -> None:
        outside.append(bool(((rhos(model) < 0) | (rhos(model) > 1)).any()))

    configure = model.configure_optimizers

    def watched() -> Any:
        optimizers = configure()
        hooks = optimizers[1]._optimizer_step_post_hooks  # type: ignore[attr-defined]
        hooks[-1] = before
        hooks.move_to_end(-1, last=False)  # it looks before rho is clipped
        optimizers[1].register_step_post_hook(
            lambda *_: ends.append((rhos(model).min().item(), rhos(model).max().item()))
        )
        return optimizers

    model.configure_optimizers = watched  # type: ignore[method-assign]
    world.fit(model, world.samples(4), accumulate_grad_batches=micro_batches)
    assert len(ends) == len(outside) == 4 // micro_batches
    assert any(outside)
    assert all(least >= 0 and most <= 1 for least, most in ends)


# ---- a running mean


def test_a_running_mean_follows_and_translates(tmp_path: Path) -> None:
    model = ugatit(ema_decay=0.75, optimizer=world.SLOW_SGD)
    expected = [p.detach().clone() for p in model.generator.parameters()]
    follow = model.settle

    def settle() -> None:
        follow()
        for mean, p in zip(expected, model.generator.parameters(), strict=True):
            mean.lerp_(p.detach(), 0.25)

    model.settle = settle  # type: ignore[method-assign]
    trainer = world.fit(model, world.samples(3))
    torch.testing.assert_close(list(model.average.parameters()), expected)
    assert not torch.equal(world.weights(model.average), world.weights(model.generator))
    model.eval()
    images = world.batch()["a"]
    made = model.translate(images, "ab")
    assert torch.equal(made, model.average["ab"](images).out)
    assert not torch.equal(made, model.generator["ab"](images).out)
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    again = UGATIT.load_from_checkpoint(tmp_path / "x.ckpt").eval()
    assert torch.equal(again.translate(images, "ab"), made)


def test_the_running_mean_takes_no_part_in_training() -> None:
    plain, with_mean = ugatit(optimizer=world.SLOW_SGD), ugatit(ema_decay=0.9, optimizer=world.SLOW_SGD)
    for model in (plain, with_mean):
        world.fit(model, world.samples(2))
    for part in ("generator", "discriminator"):
        assert torch.equal(world.weights(getattr(plain, part)), world.weights(getattr(with_mean, part)))
    assert not any(p.requires_grad for p in with_mean.average.parameters())


def test_a_running_mean_counts_iterations_not_micro_batches() -> None:
    model, steps = ugatit(ema_decay=0.5), list[int]()
    settle = model.settle
    model.settle = lambda: (steps.append(1), settle())[1]  # type: ignore[method-assign,func-returns-value]
    world.fit(model, world.samples(4), accumulate_grad_batches=2)
    assert len(steps) == 2


# ---- resuming


@pytest.mark.parametrize("ema_decay", [0.0, 0.5])
def test_a_resumed_run_is_the_whole_one_and_its_rate_is_right_at_once(tmp_path: Path, ema_decay: float) -> None:
    """The reference's is one share low, and ends below zero."""
    run: Any = {"schedule": LinearSecondHalf(6), "ema_decay": ema_decay}
    keep = ModelCheckpoint(tmp_path, filename="at{step}", every_n_train_steps=4, save_top_k=-1)
    whole = ugatit(**run)
    world.fit(whole, 6 * world.samples(1), callbacks=[keep], enable_checkpointing=True)
    broken = ugatit(**run)
    rates = list[float]()
    step = broken.minimize

    def minimize(*args: Any, **kwargs: Any) -> None:
        rates.append(broken.trainer.optimizers[0].param_groups[0]["lr"])
        step(*args, **kwargs)

    broken.minimize = minimize  # type: ignore[method-assign]
    world.fit(broken, 6 * world.samples(1), ckpt_path=next(tmp_path.glob("*step=4.ckpt")))
    assert rates == pytest.approx([1e-4 / 3] * 2 + [0.0] * 2)  # iterations 5 and 6, two players each
    assert whole.state_dict().keys() == broken.state_dict().keys()
    assert all(torch.equal(value, broken.state_dict()[key]) for key, value in whole.state_dict().items())


# ---- translating


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (16, 16), (21, 18)])
@pytest.mark.parametrize("generator", [LIGHT, FULL])
def test_both_directions_take_any_size(size: tuple[int, int], generator: Any) -> None:
    model = ugatit(generator=generator).eval()
    for direction in model.directions:
        assert model.translate(torch.zeros(2, 3, *size), direction).shape == (2, 3, *size)
    with pytest.raises(UserError, match="U-GAT-IT translates ab or ba, not aa"):
        model.translate(torch.zeros(1, 3, 16, 16), "aa")


@torch.no_grad()
def test_the_full_head_sees_other_sizes_at_its_own() -> None:
    model = ugatit(generator=FULL).eval()
    images = torch.rand(1, 3, 32, 32)
    resize = partial(torch.nn.functional.interpolate, mode="bilinear", antialias=True)
    expected = resize(model.generator["ab"](resize(images, (16, 16))).out, (32, 32))
    torch.testing.assert_close(model.translate(images), expected)


@torch.no_grad()
def test_where_it_looks_comes_with_the_translation() -> None:
    model, images = ugatit().eval(), world.batch()["a"]
    made, heat = model.attended(images, "ab")
    seen = model.generator["ab"](images)
    assert torch.equal(made, seen.out)
    assert torch.equal(made, model.translate(images))
    assert torch.equal(heat, seen.heat)
    assert heat.shape == (2, 4, 4)
    assert ugatit(cam="discriminator").attended(images)[1] is None


# ---- ablations


@pytest.mark.parametrize(
    ("cam", "generators", "discriminators"),
    [("both", 2, 4), ("generator", 2, 0), ("discriminator", 0, 4), ("none", 0, 0)],
)
def test_attention_is_an_option_of_either_player(cam: str, generators: int, discriminators: int) -> None:
    model = ugatit(cam=cam)
    assert sum(isinstance(layer, CAM) for layer in model.generator.modules()) == generators
    assert sum(isinstance(layer, CAM) for layer in model.discriminator.modules()) == discriminators
    world.fit(model, world.samples(1))
    told = {name.partition("/")[2][:-2] for name in model.terms if "accuracy" not in name}
    absent = (set() if generators else {"cam"}) | (set() if discriminators else {"global_cam", "local_cam"})
    assert told == TERMS - absent
    heats = [name for name in model.eval().visuals(world.batch()) if name.startswith("heat_")]
    assert len(heats) == generators + discriminators


@pytest.mark.parametrize("norm", sorted(NORMS))
def test_every_norm_of_the_ablation_trains_and_translates(norm: str) -> None:
    model = ugatit(norm=norm)
    before = world.weights(model.generator)
    world.fit(model, world.samples(1))
    assert not torch.equal(world.weights(model.generator), before)
    assert (len(rhos_or_none(model)) > 0) == (norm == "adalin")
    assert model.eval().translate(world.batch()["a"]).shape == (2, 3, 16, 16)


def rhos_or_none(model: UGATIT) -> list[Any]:
    return [layer for layer in model.generator.modules() if isinstance(layer, AdaLIN | LIN)]


def test_unknown_choices_are_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"model.cam=non: there is no such choice \(did you mean none\?\)"):
        ugatit(cam="non")
    with pytest.raises(UserError, match=r"norm=adalim.*did you mean adalin"):
        ugatit(norm="adalim")


# ---- what it shows


@torch.no_grad()
def test_what_it_shows_and_scores() -> None:
    data, model = world.batch(), ugatit().eval()
    pictures = model.visuals(data)
    assert list(pictures) == [
        name
        for s, t in ("ab", "ba")
        for name in (f"real_{s}", f"heat_{s}{t}", f"fake_{t}", f"heat_global_{t}", f"heat_local_{t}", f"rec_{s}")
    ]
    assert all(images.shape == (2, 3, 16, 16) for images in pictures.values())
    assert all(images.abs().max() <= 1 for images in pictures.values())
    fake, heat = model.attended(data["a"], "ab")
    assert torch.equal(pictures["heat_ab"], overlay(data["a"], heat))
    assert torch.equal(pictures["heat_local_b"], overlay(fake, model.discriminator["b"]["local"](fake).heat))
    scores = model.scores(data)
    assert set(scores) == {"cycle_a", "cycle_b", "idt_a", "idt_b"}
    torch.testing.assert_close(scores["cycle_a"], (pictures["rec_a"] - data["a"]).abs().mean())
    torch.testing.assert_close(scores["idt_b"], (model.translate(data["b"], "ab") - data["b"]).abs().mean())


@torch.no_grad()
def test_pictures_too_small_for_a_discriminator_are_shown_without_its_view() -> None:
    pictures = ugatit(scopes={"global": 5, "local": 3}).eval().visuals(world.batch())  # from 24 px on
    assert not [name for name in pictures if "global" in name]
    assert "heat_local_a" in pictures


def test_what_the_full_head_takes_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("gan_zoo.models.ugatit.rank_zero_info", said.append)
    world.fit(ugatit(generator=FULL), world.samples(1))
    (line,) = [line for line in said if "style head" in line]
    assert "model.generator.light=true" in line
    said.clear()
    world.fit(ugatit(), world.samples(1))
    assert not [line for line in said if "style head" in line]


# ---- in a Trainer


def test_it_trains_validates_tests_and_predicts_without_a_config(tmp_path: Path) -> None:
    model, loader = ugatit(), DataLoader(world.samples(3), batch_size=2)
    trainer = Trainer(max_epochs=2, accelerator="cpu", default_root_dir=tmp_path, enable_progress_bar=False)
    trainer.fit(model, loader, loader)
    assert trainer.global_step == 4
    assert model.images_seen == 6
    assert {f"val/{name}_{d}" for name in ("cycle", "idt") for d in "ab"} <= trainer.callback_metrics.keys()
    (validated,) = trainer.validate(model, loader, verbose=False)
    (tested,) = trainer.test(model, loader, verbose=False)
    assert validated["val/cycle_a"] == pytest.approx(tested["test/cycle_a"])
    predicted = trainer.predict(model, loader)
    assert predicted is not None
    assert torch.cat(predicted).shape == (3, 3, 16, 16)
    (file,) = tmp_path.rglob("*.ckpt")
    assert torch.equal(world.weights(UGATIT.load_from_checkpoint(file)), world.weights(model))


def test_the_papers_depths_train_from_96_px_on() -> None:
    narrow: Any = {"generator": partial(LIGHT, ngf=1), "discriminator": partial(Discriminator, ndf=1)}
    model = ugatit(**narrow, scopes={"global": 7, "local": 5})
    world.fit(model, world.samples(1, size=96))
    assert torch.isfinite(world.weights(model)).all()
    with pytest.raises(UserError, match=r"from 96 px, not 92x92: set data.crop_size higher"):
        world.fit(ugatit(**narrow, scopes={"global": 7, "local": 5}), world.samples(1, size=92))


def test_checkpointing_changes_nothing_but_memory() -> None:
    models = [ugatit(generator=partial(LIGHT, checkpointing=keep), optimizer=world.SLOW_SGD) for keep in (True, False)]
    for model in models:
        world.fit(model, world.samples(2), precision="64-true")
    torch.testing.assert_close(world.weights(models[0]), world.weights(models[1]), rtol=1e-10, atol=1e-12)
