from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import nn

from gan_zoo.callbacks.histograms import Histograms, title
from gan_zoo.callbacks.loggers import wandb_logger


class Norm(nn.Module):
    def __init__(self, *rho: float) -> None:
        super().__init__()
        self.rho = nn.Parameter(torch.tensor(rho).view(1, -1, 1, 1))


class Model(nn.Module):
    """Two norms of a generator, and another that is none."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.ModuleDict({"ab": nn.ModuleList([Norm(0.0, 1.0), Norm(0.25, 0.25)])})
        self.average = nn.ModuleDict({"ab": Norm(0.5)})


MEANS = {"rho/ab.0": 0.5, "rho/ab.1": 0.25}


def tick(*loggers: Any, first: bool = True, patterns: tuple[str, ...] = ("generator.*.rho",)) -> None:
    trainer: Any = SimpleNamespace(is_global_zero=first, loggers=list(loggers), global_step=7)
    Histograms(patterns).on_tick(trainer, Model())


def test_means_go_to_every_logger(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path, name="", version="")
    tick(logger)
    (row,) = logger.experiment.metrics
    assert row == {**MEANS, "step": 7}


@pytest.mark.parametrize(("first", "patterns"), [(True, ("generator.*.gamma",)), (False, ("generator.*.rho",))])
def test_nothing_is_logged_without_such_parameters_or_on_other_ranks(
    tmp_path: Path, first: bool, patterns: tuple[str, ...]
) -> None:
    logger = CSVLogger(tmp_path, name="", version="")
    tick(logger, first=first, patterns=patterns)
    assert logger.experiment.metrics == []


def test_tensorboard_gets_histograms(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logger = TensorBoardLogger(tmp_path, name="", version="")
    tick(logger)
    logger.experiment.flush()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert set(events.Tags()["histograms"]) == {f"{name}/histogram" for name in MEANS}
    (event,) = events.Histograms("rho/ab.0/histogram")
    assert (event.step, event.histogram_value.num, event.histogram_value.sum) == (7, 2, 1)


def test_wandb_gets_histograms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    logger = wandb_logger(tmp_path, mode="offline")
    logged = list[dict[str, Any]]()
    logger._experiment = SimpleNamespace(log=logged.append, summary={})
    tick(logger)
    found = {name: value for record in logged for name, value in record.items() if name != "iteration"}
    assert {name: value for name, value in found.items() if isinstance(value, float)} == MEANS
    histogram = found["rho/ab.0/histogram"]
    assert isinstance(histogram, wandb.Histogram)
    assert sum(histogram.histogram) == 2


def test_titles_bring_the_like_together() -> None:
    assert title("generator.ab.blocks.0.norm1.rho") == "rho/ab.blocks.0.norm1"
    assert title("generator.gamma") == "gamma/generator"
