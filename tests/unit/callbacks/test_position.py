from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks import position


class Snapshots(Callback):
    """What a checkpoint would say, between iterations and at the end of training."""

    def __init__(self) -> None:
        self.loops: dict[int, dict[str, Any]] = {}

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        checkpoint = {"loops": {"fit_loop": trainer.fit_loop.state_dict()}}
        position.write(trainer, checkpoint)
        self.loops.setdefault(trainer.global_step, checkpoint["loops"]["fit_loop"])

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self.on_train_batch_start(trainer, pl_module, None, 0)


def counters(loops: dict[str, Any]) -> tuple[int, int, int]:
    """Epochs done, batches of the next one done, batches done in all."""
    epochs, batches = loops["epoch_progress"]["current"], loops["epoch_loop.batch_progress"]
    assert epochs["ready"] == epochs["started"] == epochs["processed"] + 1
    assert epochs == loops["epoch_progress"]["total"]
    return epochs["processed"], batches["current"]["processed"], batches["total"]["processed"]


@pytest.mark.parametrize("limit", [{"max_epochs": 2}, {"max_steps": 12, "max_epochs": -1}])
@pytest.mark.parametrize("limit_val_batches", [0, 1.0])
def test_an_epochs_end_is_the_next_ones_start(fit: Fit, limit: dict[str, int], limit_val_batches: float) -> None:
    snapshots = Snapshots()
    fit([snapshots], **limit, limit_val_batches=limit_val_batches)
    assert {step: counters(loops) for step, loops in snapshots.loops.items()} == {
        step: (step // 6, step % 6, step) for step in range(13)
    }
    stepped = {step: loops["epoch_loop.state_dict"]["_batches_that_stepped"] for step, loops in snapshots.loops.items()}
    assert stepped == {step: step - 1 for step in range(13)}


def test_nothing_is_invented_about_validation(fit: Fit) -> None:
    snapshots = Snapshots()
    fit([snapshots], val_check_interval=2)
    for loops in snapshots.loops.values():
        validation = loops["epoch_loop.val_loop.batch_progress"]
        assert set(validation["total"].values()) == set(validation["current"].values()) == {0}


def test_containers_are_plain(fit: Fit, tmp_path: Path) -> None:
    snapshots = Snapshots()
    fit([snapshots], max_epochs=1)
    torch.save(snapshots.loops[3], tmp_path / "loops.pt")
    assert torch.load(tmp_path / "loops.pt", weights_only=True) == snapshots.loops[3]
