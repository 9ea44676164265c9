"""Lightning's options under alternating updates: accumulation, clipping, the clock of learning rates."""

import math
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor
from torch.optim import SGD
from torch.utils.data import DataLoader, IterableDataset

from gan_zoo.errors import UserError
from gan_zoo.models import Pix2Pix
from gan_zoo.training import lightning_bridge as bridge
from gan_zoo.training.checkpoint_io import AtomicCheckpointIO
from gan_zoo.training.module import Batch, Losses
from gan_zoo.training.schedules import Linear, Plateau
from tests.unit import world

CYCLEGAN = partial(world.cyclegan, pool_size=0, optimizer=world.SLOW_SGD)
PIX2PIX = partial(world.pix2pix, optimizer=world.SLOW_SGD)
EXACT = {"rtol": 1e-11, "atol": 1e-13}


# ---- accumulation


@pytest.mark.parametrize("count", [4, 3])
def test_micro_batches_are_one_batch_also_where_the_last_group_is_incomplete(count: int) -> None:
    """CycleGAN's generators do not see the discriminators' update, so that both ways are the same algorithm."""
    one, other = CYCLEGAN(), CYCLEGAN()
    whole = world.fit(one, world.samples(count), batch_size=2, precision="64-true")
    parts = world.fit(other, world.samples(count), batch_size=1, precision="64-true", accumulate_grad_batches=2)
    torch.testing.assert_close(world.weights(other), world.weights(one), **EXACT)
    assert whole.global_step == parts.global_step == 2
    assert one.images_seen == other.images_seen == count
    assert parts.accumulate_grad_batches == 2  # given back as it was typed


def test_pix2pix_averages_at_the_weights_of_the_start_and_steps_in_order() -> None:
    model, reference = PIX2PIX(), PIX2PIX().double()
    world.fit(model, world.samples(4), batch_size=2, precision="64-true", accumulate_grad_batches=2)
    batch = {name: images.double() for name, images in world.batch(4).items()}
    _step_together(reference, batch, 0.01)
    torch.testing.assert_close(world.weights(model), world.weights(reference), **EXACT)


def _step_together(model: Pix2Pix, batch: Batch, rate: float) -> None:
    """Both players' gradients at the same weights, then both steps."""
    a, b = batch["a"], batch["b"]
    fake, gradients = model.generator(a), {}
    for player, losses in (
        ("discriminator", lambda: model.discriminator_loss(a, b, fake.detach())),
        ("generator", lambda: model.generator_loss(a, b, fake)),
    ):
        parameters = list(getattr(model, player).parameters())
        gradients[player] = torch.autograd.grad(sum(losses().values()), parameters, retain_graph=True)
    with torch.no_grad():
        for player, found in gradients.items():
            for parameter, gradient in zip(getattr(model, player).parameters(), found, strict=True):
                parameter -= rate * gradient


def test_players_step_in_the_papers_order_at_the_end_of_the_group() -> None:
    order: list[tuple[str, int]] = []

    class Ordered(world.Duel):
        def on_before_optimizer_step(self, optimizer: Any) -> None:
            order.append((self.players[self.trainer.optimizers.index(optimizer)], self.images_seen))

    world.fit(Ordered(), world.numbers(*range(5)), accumulate_grad_batches=3)
    assert order == [("judge", 2), ("maker", 2), ("judge", 4), ("maker", 4)]


def test_one_micro_batch_an_iteration_is_exactly_no_accumulation() -> None:
    one, other = PIX2PIX(), PIX2PIX()
    world.fit(one, world.samples(3))
    world.fit(other, world.samples(3), accumulate_grad_batches=1)
    assert torch.equal(world.weights(one), world.weights(other))


def test_max_steps_counts_iterations_of_several_micro_batches() -> None:
    model = world.Duel()
    trainer = world.fit(model, world.numbers(*range(10)), accumulate_grad_batches=3, max_steps=2)
    assert (trainer.global_step, model.images_seen) == (2, 6)


def test_a_training_cut_short_leaves_nothing_to_the_next() -> None:
    class Broken(world.Duel):
        fails_at: int | None = 2

        def maker_loss(self) -> Losses:
            if self.images_seen == self.fails_at:
                raise KeyError("cut short")
            return super().maker_loss()

    model, fresh = Broken(), world.Duel()
    with pytest.raises(KeyError, match="cut short"):
        world.fit(model, world.numbers(1.0, 2.0, 3.0), accumulate_grad_batches=4)
    model.fails_at, model.images_seen = None, 0
    for each in (model, fresh):
        trainer = world.fit(each, world.numbers(3.0, 4.0), accumulate_grad_batches=2)
        assert trainer.global_step == 1
    assert model.numbers() == fresh.numbers()


# ---- clipping


@pytest.mark.parametrize("make", [world.cyclegan, world.pix2pix])
@pytest.mark.parametrize("k", [1, 2])
def test_the_norm_of_each_players_gradient_is_clipped(make: Any, k: int) -> None:
    for change in _changes(make, gradient_clip_val=1e-3, accumulate_grad_batches=k):
        assert change.norm().item() == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize("make", [world.cyclegan, world.pix2pix])
def test_each_value_of_each_players_gradient_is_clipped(make: Any) -> None:
    for change in _changes(make, gradient_clip_val=1e-4, gradient_clip_algorithm="value"):
        assert change.abs().max().item() == pytest.approx(1e-4, rel=1e-6)
        assert change.abs().median() < 1e-4


def test_without_clipping_gradients_are_larger() -> None:
    for change in _changes(world.cyclegan):
        assert change.norm() > 1e-2


def _changes(make: Any, **arguments: Any) -> list[Tensor]:
    """What one iteration of SGD with rate 1 does to each player: its gradient."""
    model = make(optimizer=partial(SGD, lr=1.0))
    before = [world.weights(getattr(model, player)).double() for player in model.players]
    world.fit(model, world.samples(2), max_steps=1, precision="64-true", **arguments)
    after = [world.weights(getattr(model, player)) for player in model.players]
    return [new - old for old, new in zip(before, after, strict=True)]


# ---- the clock of learning rates


class Rates(Callback):
    """Images seen before each iteration -> the rates it had."""

    def __init__(self) -> None:
        self.seen: dict[int, list[float]] = {}

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Batch, batch_idx: int) -> None:
        before = pl_module.images_seen - len(batch["a"])
        self.seen[before] = [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers]


def rates(model: world.Duel | None = None, **arguments: Any) -> dict[int, list[float]]:
    made = model or world.Duel(optimizers={"maker": partial(SGD, lr=1.0)}, schedule=Linear(1, 2))
    recorder = Rates()
    world.fit(made, world.numbers(*range(4)), callbacks=[recorder], **{"max_epochs": 3, **arguments})
    return recorder.seen


def test_rates_follow_the_images_and_not_the_batches() -> None:
    alone = rates()
    factors = [1.0] * 4 + [2 / 3] * 4 + [1 / 3] * 4
    assert [pair[0] for pair in alone.values()] == pytest.approx([0.1 * factor for factor in factors])
    assert [pair[1] for pair in alone.values()] == pytest.approx(factors)
    by_two = rates(batch_size=2)
    assert list(by_two) == [0, 2, 4, 6, 8, 10]
    assert by_two == {images: alone[images] for images in by_two}
    assert rates(accumulate_grad_batches=2) == {images: alone[images - images % 2] for images in alone}


def test_a_shorter_pass_is_not_an_epoch_of_the_schedule() -> None:
    found = rates(limit_train_batches=2, max_epochs=6)
    assert found == rates()


def test_a_rate_holds_for_a_whole_iteration() -> None:
    """Iterations begin at images 0, 2, 3, 5, …: the second epoch of four images begins within one."""
    found = rates(limit_train_batches=3, max_epochs=2, accumulate_grad_batches=2)
    assert [pair[1] for pair in found.values()] == pytest.approx([1, 1, 1, 1, 1, 2 / 3])


def test_rates_go_on_after_resuming(tmp_path: Path) -> None:
    class Keep(Callback):
        def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Batch, batch_idx: int) -> None:
            if pl_module.images_seen == 8:
                trainer.save_checkpoint(tmp_path / "8.ckpt")

    whole, recorder = rates(), Rates()
    model = world.Duel(optimizers={"maker": partial(SGD, lr=1.0)}, schedule=Linear(1, 2))
    world.fit(model, world.numbers(*range(4)), callbacks=[Keep()], max_epochs=3)
    again = world.Duel(optimizers={"maker": partial(SGD, lr=1.0)}, schedule=Linear(1, 2))
    world.fit(again, world.numbers(*range(4)), ckpt_path=tmp_path / "8.ckpt", callbacks=[recorder], max_epochs=3)
    assert recorder.seen == {images: pair for images, pair in whole.items() if images >= 8}
    assert again.numbers() == model.numbers()


def images_per_epoch(loader: Any, world_size: int = 1) -> int:
    module: Any = SimpleNamespace(trainer=SimpleNamespace(train_dataloader=loader, world_size=world_size), _trainer=1)
    return bridge.images_per_epoch(module)


class Stream(IterableDataset[int]):
    """Data without a length."""

    def __iter__(self) -> Any:
        return iter(range(3))


def test_images_of_an_epoch() -> None:
    data = world.numbers(*range(7))
    assert images_per_epoch(DataLoader(data, batch_size=2)) == 7
    assert images_per_epoch(DataLoader(data, batch_size=2, drop_last=True)) == 6
    assert images_per_epoch(DataLoader(data, batch_sampler=[[0, 1], [2]])) == 7
    half = torch.utils.data.DistributedSampler(data, num_replicas=2, rank=0)  # 4 of them, one repeated
    assert images_per_epoch(DataLoader(data, batch_size=2, sampler=half), world_size=2) == 8


@pytest.mark.parametrize(
    "loader",
    [
        DataLoader([world.batch(3), world.batch(3)], batch_size=None),
        DataLoader(Stream()),
        {"a": DataLoader([1]), "b": DataLoader([2])},
        [1, 2],
    ],
)
def test_images_of_an_epoch_are_not_known_for_other_data(loader: Any) -> None:
    assert images_per_epoch(loader) == 0


def test_where_they_are_not_known_an_epoch_is_lightnings() -> None:
    recorder = Rates()
    model = world.Duel(schedule=Linear(1, 2))
    batches = [{"a": torch.ones(3, 1, 1, 1)} for _ in range(2)]
    trainer = world.trainer(max_epochs=3, callbacks=[recorder])
    trainer.fit(model, DataLoader(batches, batch_size=None))
    factors = [pair[0] / 0.1 for pair in recorder.seen.values()]
    assert factors == pytest.approx([1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3])


class Watched(world.Duel):
    """Validates by a number that does not fall."""

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        return {"l1": torch.tensor(1.0)}


def test_a_plateau_watches_what_validation_logs() -> None:
    recorder, model = Rates(), Watched(schedule=Plateau("val/l1", factor=0.5, patience=1))
    trainer = world.trainer(max_epochs=6, callbacks=[recorder], num_sanity_val_steps=0)
    trainer.fit(model, DataLoader(world.numbers(1.0)), DataLoader(world.numbers(1.0)))
    assert [pair[0] / 0.1 for pair in recorder.seen.values()] == pytest.approx([1, 1, 1, 0.5, 0.5, 0.25])


def test_a_plateau_that_misses_its_metric_says_so() -> None:
    with pytest.raises(UserError, match="watches judge/l2, which is not logged"):
        world.fit(world.Duel(schedule=Plateau("judge/l2")), world.numbers(1.0), log_every_n_steps=1)


# ---- devices and files


def test_distributed_training_keeps_one_copy_of_gradients_unless_told() -> None:
    for strategy, expected in ((DDPStrategy(), True), (DDPStrategy(gradient_as_bucket_view=False), False)):
        trainer: Any = SimpleNamespace(strategy=strategy, accumulate_grad_batches=1, gradient_clip_val=None)
        bridge.take_over(SimpleNamespace(trainer=trainer))  # type: ignore[arg-type]
        assert strategy._ddp_kwargs["gradient_as_bucket_view"] is expected


def test_distributed_training_looks_for_unused_parameters_unless_told() -> None:
    for strategy, expected in ((DDPStrategy(), True), (DDPStrategy(find_unused_parameters=False), False)):
        trainer: Any = SimpleNamespace(strategy=strategy, accumulate_grad_batches=2, gradient_clip_val=0.5)
        module: Any = SimpleNamespace(trainer=trainer)
        bridge.take_over(module)
        assert strategy._ddp_kwargs["find_unused_parameters"] is expected
        assert (trainer.accumulate_grad_batches, trainer.gradient_clip_val) == (1, None)
        bridge.hand_back(module)
        assert (trainer.accumulate_grad_batches, trainer.gradient_clip_val) == (2, 0.5)


def test_checkpoints_are_written_atomically_unless_the_user_brings_a_writer() -> None:
    assert isinstance(world.fit(world.Duel(), world.numbers(1.0)).strategy.checkpoint_io, AtomicCheckpointIO)

    class Own(AtomicCheckpointIO):
        pass

    own = Own()
    assert world.fit(world.Duel(), world.numbers(1.0), plugins=[own]).strategy.checkpoint_io is own


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ({"fast_dev_run": 2}, 2),
        ({"overfit_batches": 2, "max_epochs": 3}, 6),
        ({"limit_train_batches": 3, "max_epochs": 2}, 6),
        ({"limit_train_batches": 0.5, "max_epochs": 1, "accumulate_grad_batches": 2}, 2),
    ],
)
def test_lightnings_options_mean_what_they_say(arguments: dict[str, Any], steps: int) -> None:
    model = world.Duel()
    assert world.fit(model, world.numbers(*range(6)), **arguments).global_step == steps
    assert all(map(math.isfinite, model.numbers()))
