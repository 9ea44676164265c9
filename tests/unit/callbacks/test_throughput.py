import time
from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks.throughput import Throughput, peak_memory
from gan_zoo.callbacks.tick import Tick


class Slow(Callback):
    """Takes a while in one place of an iteration."""

    def __init__(self, hook: str, seconds: float) -> None:
        setattr(self, hook, lambda *args, **kwargs: time.sleep(seconds))


class Logged(Callback):
    def __init__(self) -> None:
        self.speeds: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        if trainer.global_step % 2 == 0:
            metrics = trainer.callback_metrics
            self.speeds.append({name: float(metrics[name]) for name in metrics if name.startswith("speed/")})


def test_logged_whenever_losses_are(fit: Fit) -> None:
    logged = Logged()
    fit([Throughput(), logged], max_epochs=1)
    assert len(logged.speeds) == 3
    assert set(logged.speeds[-1]) == {f"speed/{n}" for n in ("images_per_second", "data_ms", "step_ms", "memory_gb")}


def test_adds_up(fit: Fit) -> None:
    logged = Logged()
    fit([Throughput(), Slow("on_after_backward", 0.02), logged], max_epochs=1)
    last = logged.speeds[-1]
    assert last["speed/step_ms"] >= 40  # two players
    assert last["speed/images_per_second"] == pytest.approx(
        1000 / (last["speed/step_ms"] + last["speed/data_ms"]), rel=1e-4
    )


@pytest.mark.parametrize("hook", ["on_validation_epoch_start", "on_tick"])
def test_what_is_not_training_does_not_count(fit: Fit, hook: str) -> None:
    logged = Logged()
    fit([Throughput(), Tick(4), Slow(hook, 1.0), logged], max_epochs=1, val_check_interval=4)
    assert max(speed["speed/step_ms"] + speed["speed/data_ms"] for speed in logged.speeds[1:]) < 500


def test_waiting_for_data(monkeypatch: pytest.MonkeyPatch, fit: Fit) -> None:
    from gan_zoo.data.datasets import Images

    get = Images.__getitem__

    def slow(self: Images, position: int) -> Any:
        time.sleep(0.05)
        return get(self, position)

    monkeypatch.setattr(Images, "__getitem__", slow)
    logged = Logged()
    fit([Throughput(), logged], max_epochs=1)
    assert all(speed["speed/data_ms"] >= 50 for speed in logged.speeds[1:])


def test_memory_of_this_process() -> None:
    before = peak_memory(torch.device("cpu"))
    held = torch.ones(30_000_000)
    assert peak_memory(torch.device("cpu")) - before > 0.5 * held.nbytes or before > 2**31
    assert 2**25 < before < 2**36
