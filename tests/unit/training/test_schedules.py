"""Schedules as functions of the epoch (the reference's rates are golden cases)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate

from gan_zoo.cli.compose import Composer, forget
from gan_zoo.errors import UserError
from gan_zoo.training.schedules import Constant, Cosine, Halving, Linear, LinearSecondHalf, Plateau, Schedule, Step


def test_constant() -> None:
    assert {Constant()(epoch) for epoch in (0, 1, 1000)} == {1.0}


def test_linear_ends_at_one_share_and_never_below_zero() -> None:
    assert [Linear(2, 3)(epoch) for epoch in range(7)] == pytest.approx([1, 1, 0.75, 0.5, 0.25, 0, 0])


def test_linear_goes_on_from_a_first_epoch() -> None:
    assert [Linear(2, 3, first_epoch=3)(epoch) for epoch in range(3)] == [Linear(2, 3)(epoch) for epoch in (2, 3, 4)]


def test_step_and_cosine() -> None:
    assert [Step(2, 0.5)(epoch) for epoch in range(5)] == [1, 1, 0.5, 0.5, 0.25]
    assert [Cosine(4)(epoch) for epoch in (0, 2, 4, 8)] == pytest.approx([1, 0.5, 0, 1])


def test_halving_counts_iterations_from_zero() -> None:
    schedule = Halving(every=3)
    assert [schedule(iteration) for iteration in range(7)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert Halving()(99_999) == 1
    assert Halving(every=2, factor=0.1)(5) == pytest.approx(0.01)
    assert Halving.counts_iterations
    assert not Linear.counts_iterations


def test_the_second_half_of_the_iterations_goes_down_to_zero() -> None:
    """Iteration N // 2 + 1, number N // 2 from 0, is the first to run at a lower rate, and the last runs at 0."""
    even = LinearSecondHalf(8)
    assert [even(iteration) for iteration in range(10)] == [1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0]
    assert LinearSecondHalf.counts_iterations
    full = LinearSecondHalf()
    assert (full(499_999), full(500_000), full(999_998)) == (1, 1 - 2e-6, pytest.approx(2e-6))


def test_of_an_odd_number_of_iterations_no_rate_is_negative() -> None:
    odd = LinearSecondHalf(7)
    assert [odd(iteration) for iteration in range(8)] == pytest.approx([1, 1, 1, 2 / 3, 1 / 3, 0, 0, 0])
    assert [LinearSecondHalf(1)(iteration) for iteration in (0, 1)] == [0, 0]


@pytest.mark.parametrize("count", [0, -1])
def test_a_second_half_needs_a_whole(count: int) -> None:
    with pytest.raises(
        UserError, match=rf"n_iterations={count}: give the run a length in iterations, trainer.max_steps"
    ):
        LinearSecondHalf(count)(0)


def test_plateau_falls_after_more_than_patience_epochs_without_progress() -> None:
    schedule, factors = Plateau("val/l1", factor=0.5, threshold=0.1, patience=2), []
    for value in (1.0, 0.8, 0.79, 0.78, 0.77, 0.5, 0.5, 0.5, 0.5):  # 0.79 is less than a tenth below 0.8
        schedule.end_epoch({"val/l1": torch.tensor(value)})
        factors.append(schedule(0))
    assert factors == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_plateau_makes_no_fall_too_small_to_matter() -> None:
    schedule = Plateau("x", factor=0.1, patience=0, smallest_fall=0.05)
    for _ in range(5):
        schedule.end_epoch({"x": 1.0})
    assert schedule(0) == pytest.approx(0.01)  # from 0.1 it fell by 0.09; to 0.001 it would fall by 0.009
    assert Plateau("x", factor=0.1, patience=0)(0) == 1


def test_plateau_goes_on_from_its_state() -> None:
    one, other = Plateau("x", patience=1), Plateau("x", patience=1)
    for value in (2.0, 3.0, 3.0):
        one.end_epoch({"x": value})
    other.load_state_dict(one.state_dict())
    for value in (1.0, 5.0, 5.0, 5.0, 5.0):
        one.end_epoch({"x": value})
        other.end_epoch({"x": value})
        assert one(0) == other(0)
    assert one(0) < 0.2


def test_plateau_says_which_metric_it_misses() -> None:
    with pytest.raises(UserError, match=r"watches val/l1, which is not logged \(did you mean val/l2"):
        Plateau("val/l1").end_epoch({"val/l2": 1.0, "test/psnr": 2.0})


def test_only_a_plateau_has_a_state() -> None:
    for schedule in (Constant(), Linear(), Step(), Cosine()):
        assert schedule.state_dict() == {}
        before = schedule(3)
        schedule.load_state_dict({})
        schedule.end_epoch({})
        assert schedule(3) == before


def test_a_schedule_must_give_a_factor() -> None:
    with pytest.raises(NotImplementedError, match="Schedule"):
        Schedule()(0)


def test_plateau_waits_for_the_first_validation() -> None:
    schedule = Plateau("val/l1", patience=0)
    schedule.end_epoch({"generator/l1": 1.0})
    assert schedule.waited == 0


CONFIGURED = sorted((Path(__file__).parents[3] / "conf/model/schedule").glob("*.yaml"))


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    yield Composer("train")
    forget()


@pytest.mark.parametrize("path", CONFIGURED, ids=lambda path: path.stem)
def test_every_configured_schedule_takes_an_epoch(path: Path, composer: Composer) -> None:
    home = ["model=progan", "data=images"] if path.stem.startswith("growth") else ["model=pix2pix", "data=paired"]
    run = composer.compose([*home, f"model/schedule={path.stem}", "trainer.max_steps=10"])
    schedule = instantiate(run.model.schedule)
    schedule.end_epoch({"val/l1": 1.0})
    assert 0 < schedule(0) <= 1


def test_a_plateau_without_a_metric_is_refused() -> None:
    with pytest.raises(UserError, match=r"model\.schedule\.monitor=val/l1"):
        Plateau("")
