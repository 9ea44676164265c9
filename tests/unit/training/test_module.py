"""The base class: who is updated by what, and its random numbers."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader

from gan_zoo.training.module import Batch, GANModule, Losses
from gan_zoo.training.shared import SharedPass
from tests.unit import world


def test_players_step_in_turn_the_second_seeing_the_first_updated() -> None:
    """judge: j - 0.1 * 2 (j - m x); maker: m - 0.1 * 2 (m - j'), with x = 3."""
    model = world.Duel()
    world.fit(model, world.numbers(3.0))
    judge = 2.0 - 0.2 * (2.0 - 3.0)
    assert model.numbers() == pytest.approx((judge, 1.0 - 0.2 * (1.0 - judge)))


class Spy(world.Duel):
    """Notes who could learn during each loss, and what gradients stand after it."""

    def __init__(self) -> None:
        super().__init__()
        self.learning: list[tuple[bool, ...]] = []
        self.gradients: list[list[float | None]] = []

    def judge_loss(self, x: Tensor) -> Losses:
        self._note()
        return super().judge_loss(x)

    def maker_loss(self) -> Losses:
        self._note()
        return super().maker_loss()

    def on_after_backward(self) -> None:
        values = (getattr(self, player).value for player in self.players)
        self.gradients.append([None if value.grad is None else round(value.grad.item(), 4) for value in values])

    def _note(self) -> None:
        self.learning.append(tuple(getattr(self, player).value.requires_grad for player in self.players))


def test_the_others_are_frozen_and_get_no_gradients() -> None:
    model = Spy()
    world.fit(model, world.numbers(3.0, 3.0))
    assert model.learning == [(True, False), (False, True)] * 2
    assert model.gradients[0] == [-2.0, None]
    assert model.gradients[1] == [-2.0, round(2 * (1.0 - 2.2), 4)]  # the judge's own, from its update
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_players_thaw_after_an_exception_in_a_loss() -> None:
    def broken() -> Losses:
        raise KeyError("loss")

    model = world.Duel()
    with pytest.raises(KeyError, match="loss"):
        model.accumulate(broken, over="judge")
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_what_the_user_froze_stays_frozen() -> None:
    model = world.Duel()
    model.judge.value.requires_grad_(False)
    with model.frozen_except("maker"):
        assert not model.judge.value.requires_grad
    assert not model.judge.value.requires_grad
    assert model.maker.value.requires_grad


class Twice(world.Duel):
    """Both players learn from a first objective, one from a second, then both step: as BicycleGAN does."""

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        self.zero("judge", "maker")
        self.accumulate(self.judge_loss, batch["a"], over=("judge", "maker"))
        self.accumulate(self.maker_loss, over="maker")
        self.step("judge", "maker")


def test_a_player_may_learn_from_two_objectives_before_it_steps() -> None:
    model = Twice()
    trainer = world.fit(model, world.numbers(3.0))
    first = 2 * (2.0 - 3.0)  # of (j - 3 m)^2 at j = 2, m = 1: to j, and times -3 to m
    assert model.numbers() == pytest.approx((2.0 - 0.1 * first, 1.0 - 0.1 * (-3 * first + 2 * (1.0 - 2.0))))
    assert trainer.global_step == 1
    assert {"judge/real", "judge/seen", "maker/adv"} == set(model.terms)


def test_an_iteration_is_one_global_step_whatever_the_number_of_players() -> None:
    model = world.Duel(optimizer=torch.optim.Adam)
    trainer = world.fit(model, world.numbers(*range(5)), max_steps=3)
    assert (trainer.global_step, model.images_seen) == (3, 3)
    steps = [state["step"].item() for optimizer in trainer.optimizers for state in optimizer.state.values()]
    assert steps == [3, 3]


def test_each_player_has_its_optimiser_in_order_of_play() -> None:
    model = world.Duel(optimizers={"maker": torch.optim.Adam})
    judge, maker = model.configure_optimizers()
    assert type(judge) is SGD
    assert type(maker) is torch.optim.Adam
    assert judge.param_groups[0]["params"] == [model.judge.value]
    assert maker.param_groups[0]["params"] == [model.maker.value]


def test_terms_rates_and_the_clock_are_logged_by_short_names() -> None:
    trainer = world.fit(world.Duel(), world.numbers(3.0, 3.0), log_every_n_steps=2)
    logged = {name: value.item() for name, value in trainer.callback_metrics.items()}
    assert logged.keys() == {"judge/real", "judge/seen", "maker/adv", "lr/judge", "lr/maker", "images_seen"}
    assert logged["lr/judge"] == pytest.approx(0.1)
    assert (logged["images_seen"], logged["judge/seen"]) == (2.0, 3.0)


def test_nothing_is_logged_between() -> None:
    trainer = world.fit(world.Duel(), world.numbers(3.0, 3.0), log_every_n_steps=5)
    assert not trainer.callback_metrics


def test_draws_follow_the_seed_and_go_on() -> None:
    torch.manual_seed(3)
    one, other = world.Duel(), world.Duel()
    first, second = one.draw("z", (4, 2)), one.draw("z", (4, 2))
    assert torch.equal(other.draw("style", (4, 2)), first)
    assert not torch.equal(first, second)
    state = torch.get_rng_state()
    one.draw("z", (4, 2))
    assert torch.equal(torch.get_rng_state(), state)


def drawn_by(rank: int, world_size: int, *shape: int) -> Tensor:
    torch.manual_seed(3)
    model = world.Duel()
    model._trainer = SimpleNamespace(world_size=world_size, global_rank=rank)  # type: ignore[assignment]  # a stand-in
    model.draw("earlier", (shape[0], 5))
    return model.draw("z", shape)


def test_ranks_draw_for_the_global_batch_and_take_their_parts() -> None:
    parts = [drawn_by(rank, 3, 2, 4) for rank in range(3)]
    assert torch.equal(torch.cat(parts), drawn_by(0, 1, 6, 4))


class Fixed(world.Duel):
    """Draws what a test wants."""

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        return torch.full(shape, {"low": -8.0, "middle": 0.0, "one sigma": 1.0}[name])


def test_uniform_numbers_are_drawn_by_draw() -> None:
    model = Fixed()
    assert model.uniform("middle", (2, 1)).tolist() == [[0.5], [0.5]]
    assert model.uniform("one sigma", (1,)).item() == pytest.approx(0.8413447)
    assert 0 <= model.uniform("low", (1,)).item() < 1e-10
    torch.manual_seed(0)
    numbers = world.Duel().uniform("alpha", (10000,))
    quantiles = numbers.quantile(torch.tensor([0.1, 0.5, 0.9]))
    torch.testing.assert_close(quantiles, torch.tensor([0.1, 0.5, 0.9]), atol=0.02, rtol=0)


class Scored(world.Duel):
    """With validation."""

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        return {"mean": batch["a"].mean()}

    def translate(self, images: Tensor, direction: str = "ab") -> Tensor:
        return images + 1


@pytest.mark.parametrize("stage", ["val", "test"])
def test_scores_are_the_mean_over_images_also_of_an_incomplete_batch(stage: str) -> None:
    loader = DataLoader(world.numbers(1.0, 2.0, 6.0), batch_size=2)
    trainer = world.trainer()
    run: Any = {"val": trainer.validate, "test": trainer.test}[stage]
    (scores,) = run(Scored(), loader, verbose=False)
    assert scores == {f"{stage}/mean": pytest.approx(3.0)}


def test_prediction_translates_a() -> None:
    predicted = world.trainer().predict(Scored(), DataLoader(world.numbers(1.0, 2.0)))
    assert predicted is not None
    assert torch.cat(predicted).flatten().tolist() == [2.0, 3.0]
    assert Scored()(torch.zeros(1)).item() == 1.0


def test_a_paper_must_say_what_it_shows_and_translates() -> None:
    for method, argument in (("translate", torch.zeros(1)), ("visuals", {})):
        with pytest.raises(NotImplementedError, match="Duel"):
            getattr(world.Duel(), method)(argument)
    assert world.Duel().scores({}) == {}


def test_losses_are_a_dict_with_observations_beside() -> None:
    losses = Losses({"adv": torch.tensor(1.0)}, {"accuracy": torch.tensor(0.5)})
    assert isinstance(losses, Mapping | dict)
    assert list(losses) == ["adv"]
    assert losses.observed == {"accuracy": torch.tensor(0.5)}
    assert Losses().observed == {}


class Linked(GANModule):
    """Players may hold several networks."""

    players = ("pair",)

    def __init__(self) -> None:
        super().__init__(SGD, {}, world.Constant())
        self.pair = nn.ModuleDict({"a": world.Number(1.0), "b": world.Number(2.0)})


def test_a_player_of_several_networks_has_all_their_parameters() -> None:
    (optimizer,) = Linked().configure_optimizers()
    assert [parameter.item() for parameter in optimizer.param_groups[0]["params"]] == [1.0, 2.0]


class OnePass(world.Duel):
    """The judge's number meets the maker's once, for both objectives: judge (j m)^2, maker (j m - 1)^2."""

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Both gradients, then both steps."""
        shared = SharedPass("judge", self.judge, "times")
        met = shared(self.maker.value)
        self.zero(*self.players)
        self.accumulate(lambda: Losses({"real": met.square()}), over="judge", shared=shared)
        self.accumulate(lambda: Losses({"adv": (met - 1).square()}), over="maker", shared=shared)
        self.step(*self.players)


class Times(world.Number):
    """A number that multiplies."""

    def times(self, x: Tensor) -> Tensor:
        """Their product."""
        return self.value * x


def test_two_players_may_share_one_pass() -> None:
    model = OnePass()
    model.judge = Times(2.0)
    model.maker = world.Number(3.0)
    world.fit(model, world.numbers(0.0))
    assert model.numbers() == pytest.approx((2 - 0.1 * 2 * 6 * 3, 3 - 0.1 * 2 * 5 * 2))
    assert set(model.terms) == {"judge/real", "maker/adv"}


class Renewing(world.Duel):
    """Forgets the maker's moments at the start of every second epoch."""

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Note what is remembered before and after."""
        self.seen = [*getattr(self, "seen", []), (self.epoch, self.is_fresh(self.maker.value))]
        if self.epoch == 1:
            self.renew("maker")
            assert self.is_fresh(self.maker.value)
            assert not self.is_fresh(self.judge.value)
        super().training_step.__wrapped__(self, batch, batch_idx)  # type: ignore[attr-defined]  # the bare step


def test_a_player_may_begin_anew_and_epochs_count_images() -> None:
    model = Renewing(optimizer=Adam)
    trainer = world.fit(model, world.numbers(1.0, 2.0), max_epochs=2)
    assert model.seen == [(0, True), (0, False), (1, False), (1, False)]
    steps = [int(next(iter(optimizer.state.values()))["step"]) for optimizer in trainer.optimizers]
    assert steps == [4, 1]
