import json
import time
from pathlib import Path
from typing import Any

import pytest
from lightning import Callback

from gan_zoo.callbacks.checkpoint import Checkpoint
from gan_zoo.callbacks.summary import Summary
from gan_zoo.callbacks.tick import Tick
from gan_zoo.errors import UserError

from .conftest import Fit


class Slow(Callback):
    """Takes a while in one place, the first time or each time."""

    def __init__(self, hook: str, seconds: float, times: int = 100) -> None:
        self.left = times
        setattr(self, hook, lambda *args, **kwargs: self.sleep(seconds))

    def sleep(self, seconds: float) -> None:
        self.left -= 1
        time.sleep(seconds if self.left >= 0 else 0)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_what_a_run_took(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(), Summary(tmp_path / "s.json"), Slow("on_train_batch_start", 0.05)], max_epochs=2)
    found = read(tmp_path / "s.json")
    assert (found["images_seen"], found["iterations"], found["devices"], found["device"]) == (12, 12, 1, "cpu")
    assert found["seconds"] >= 0.6
    assert 5 < found["images_per_second"] < 20  # at most one image in 0.05 seconds
    assert 0.1 < found["memory_gb"] < 100


def test_speed_leaves_out_the_first_iteration(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(), Summary(tmp_path / "s.json"), Slow("on_train_batch_start", 1.0, times=1)], max_epochs=1)
    found = read(tmp_path / "s.json")
    assert found["seconds"] >= 1.0
    assert found["images_per_second"] > 5


@pytest.mark.parametrize("hook", ["on_validation_epoch_start", "on_tick"])
def test_what_is_not_training_does_not_count(fit: Fit, tmp_path: Path, hook: str) -> None:
    fit([Tick(2), Summary(tmp_path / "s.json"), Slow(hook, 0.7)], max_epochs=1, val_check_interval=2)
    found = read(tmp_path / "s.json")
    assert found["seconds"] < 0.7
    assert found["images_per_second"] > 2


def test_one_iteration_has_no_speed(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(), Summary(tmp_path / "s.json")], max_steps=1)
    assert read(tmp_path / "s.json")["images_per_second"] is None


def test_a_resumed_run_adds_to_it(fit: Fit, tmp_path: Path) -> None:
    slow = Slow("on_train_batch_start", 0.1)
    fit([Tick(), Summary(tmp_path / "s.json"), Checkpoint(tmp_path / "c"), slow], max_epochs=1)
    before = read(tmp_path / "s.json")
    words = {"max_epochs": 2, "ckpt_path": tmp_path / "c" / "last.ckpt"}
    fit([Tick(), Summary(tmp_path / "s.json"), Checkpoint(tmp_path / "c"), Slow("on_tick", 0.0)], **words)
    found = read(tmp_path / "s.json")
    assert before["seconds"] >= 0.6
    assert found["images_seen"] == 12
    assert before["seconds"] < found["seconds"] < before["seconds"] + 0.6
    assert found["images_per_second"] > before["images_per_second"]  # the second half was not slowed down


def test_a_file_that_cannot_be_written(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match="cannot write the run's summary"):
        fit([Tick(), Summary(tmp_path / "taken" / "s.json")], max_steps=1)
