from typing import Any

import pytest
import torch
from lightning import Callback
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks.early_stop import EarlyStop
from gan_zoo.callbacks.metrics import Metrics
from gan_zoo.callbacks.tick import Tick
from gan_zoo.errors import UserError
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.paired import L1, PSNR

SETTINGS = Settings(num_workers=0, cache=False)


class Said(Callback):
    """Stands for a metric that goes down and stays."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)

    def on_tick(self, trainer: Any, module: Any) -> None:
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        trainer.callback_metrics["metrics/said"] = torch.tensor(value)
        for callback in trainer.callbacks:
            if hasattr(callback, "on_metrics"):
                callback.on_metrics(trainer, module)


def stop(**options: Any) -> EarlyStop:
    return EarlyStop(**{"monitor": "metrics/said", "patience": 2, **options})


def test_a_plateau_ends_the_training(fit: Fit, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("gan_zoo.callbacks.early_stop.resolved", lambda trainer, monitor, *_: monitor)
    trainer, model = fit([Tick(), Said(3, 2, 2, 2, 2, 2), stop()], max_epochs=9)
    # looks at 6, 12 (better), 18 and 24 images (no better, twice); that tick comes as the fifth epoch begins
    assert model.images_seen < 36
    assert trainer.should_stop
    assert "stopping: metrics/said has not improved on 2 2 times" in capsys.readouterr().out
    trainer, model = fit([Tick(), Said(9, 8, 7, 6, 5), stop()], max_epochs=5)
    assert model.images_seen == 30


def test_metrics_that_are_measured_may_be_named_in_short(fit: Fit) -> None:
    one = stop(monitor="l1", patience=1, min_delta=100.0)  # nothing improves by so much
    _, model = fit([Tick(), Metrics({"l1": L1()}, SETTINGS), one], max_epochs=9)
    assert one.monitor == "metrics/l1"
    assert model.images_seen < 24


def test_numbers_of_validation_count_after_each(fit: Fit) -> None:
    _, model = fit([Tick(), stop(monitor="val/l1", patience=1, min_delta=100.0)], max_epochs=9)
    assert model.images_seen <= 18


def test_without_a_name_nothing_stops(fit: Fit) -> None:
    _, model = fit([Tick(), EarlyStop()], max_epochs=3)
    assert model.images_seen == 18


@pytest.mark.parametrize("monitor", ["psnr", "metrics/psnr", "metrics/psnr/ab"])
def test_the_wrong_way_is_refused_whatever_the_name(fit: Fit, monitor: str) -> None:
    with pytest.raises(UserError, match="higher is better"):
        fit([Tick(), Metrics({"psnr": PSNR()}, SETTINGS), stop(monitor=monitor)])


def test_mistakes_are_said(fit: Fit) -> None:
    with pytest.raises(UserError, match="mode is lower: min or max"):
        EarlyStop(mode="lower")
    with pytest.raises(UserError, match="patience is 0: give 1 or more"):
        EarlyStop(patience=0)
    with pytest.raises(UserError, match=r"callbacks.early_stop.monitor=val/l2 is not logged \(did you mean val/l1"):
        fit([Tick(), stop(monitor="val/l2")])
