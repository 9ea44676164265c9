import os
import signal
from typing import Any

import pytest
from lightning import Callback, Trainer
from lightning.pytorch.utilities.exceptions import SIGTERMException
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks.tick import Tick
from gan_zoo.errors import UserError


class Listener(Callback):
    def __init__(self, calls: list[Any], tick_order: int = 0) -> None:
        self.calls, self.tick_order = calls, tick_order

    def on_tick(self, trainer: Trainer, module: Any) -> None:
        self.calls.append((self.tick_order, module.images_seen))

    def on_final_tick(self, trainer: Trainer, module: Any) -> None:
        self.calls.append((self.tick_order, "final"))


class Signal(Callback):
    def __init__(self, at: int) -> None:
        self.at = at

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        if trainer.global_step == self.at:
            os.kill(os.getpid(), signal.SIGTERM)


def images(calls: list[Any]) -> list[int]:
    return [seen for _, seen in calls if seen != "final"]


@pytest.mark.parametrize(
    ("every", "options", "expected"),
    [
        (None, {"max_epochs": 2}, [6, 12]),
        (4, {"max_epochs": 2}, [4, 6, 8, 12]),
        (4, {"max_steps": 10, "max_epochs": -1}, [4, 6, 8, 10]),
        (6, {"max_epochs": 2}, [6, 12]),
        (1, {"max_steps": 3, "max_epochs": -1}, [1, 2, 3]),
        (1, {"max_epochs": 1, "accumulate_grad_batches": 4}, [4, 6]),
        (5, {"max_epochs": 2, "limit_val_batches": 0, "limit_train_batches": 3}, [3, 5, 6]),
    ],
)
def test_ticks_at_multiples_and_ends_never_twice(
    fit: Fit, every: int | None, options: dict[str, Any], expected: list[int]
) -> None:
    calls: list[Any] = []
    fit([Tick(every), Listener(calls)], **options)
    assert images(calls) == expected
    assert calls.count((0, "final")) == 1


def test_order_of_callbacks_is_theirs_to_say(fit: Fit) -> None:
    calls: list[Any] = []
    fit([Listener(calls, 10), Tick(None), Listener(calls, -10), Listener(calls)], max_epochs=1)
    assert [order for order, seen in calls if seen == 6] == [-10, 0, 10]


def test_fast_dev_run_leaves_nothing_behind(fit: Fit) -> None:
    calls: list[Any] = []
    fit([Tick(1), Listener(calls)], fast_dev_run=2)
    assert calls == []


def test_sigterm_ticks_and_ends_the_run(fit: Fit) -> None:
    calls: list[Any] = []
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SIGTERMException) as caught:
        fit([Tick(None), Listener(calls), Signal(2)])
    assert caught.value.code == 143
    assert calls == [(0, 2)]
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_during_the_last_iteration_of_an_epoch_waits_for_validation(fit: Fit) -> None:
    calls: list[Any] = []

    class Validated(Callback):
        def on_validation_end(self, trainer: Trainer, pl_module: Any) -> None:
            if not trainer.sanity_checking:
                calls.append("validated")

    with pytest.raises(SIGTERMException):
        fit([Tick(None), Listener(calls), Signal(6), Validated()])
    assert calls == ["validated", (0, 6)]


def test_the_users_own_handler_is_called_too(fit: Fit) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with pytest.raises(SIGTERMException):
            fit([Tick(None), Signal(1)])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


@pytest.mark.parametrize("every", [0, -5])
def test_nonsense_is_refused(every: int) -> None:
    with pytest.raises(UserError, match=r"callbacks.tick.every_n_images is -?\d: give a positive number"):
        Tick(every)
