"""Seconds of training, without validation and ticks."""

import time
from types import SimpleNamespace

import pytest

from gan_zoo.callbacks import stopwatch
from gan_zoo.callbacks.stopwatch import Stopwatch

RUN = SimpleNamespace()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes when a test says so."""
    time_of = [100.0]
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(perf_counter=lambda: time_of[0]))
    return time_of


def test_clock_runs_while_training(now: list[float]) -> None:
    watch = Stopwatch()
    began = watch.clock()
    now[0] += 2.5
    assert watch.clock() - began == 2.5


def test_clock_stands_still_in_validation_and_pauses(now: list[float]) -> None:
    watch = Stopwatch()
    began = watch.clock()
    watch.on_validation_start(RUN, RUN)
    now[0] += 10.0
    watch.on_validation_end(RUN, RUN)
    now[0] += 4.0
    watch.pause(3.0)
    assert watch.clock() - began == 1.0


def test_clock_is_that_of_the_machine() -> None:
    before = time.perf_counter()
    assert before <= Stopwatch().clock() <= time.perf_counter()
