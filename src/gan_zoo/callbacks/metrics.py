"""Metrics in training: measured at ticks, of the weights that are kept, and never remembered by the training."""

from collections.abc import Mapping
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.pytorch.utilities import rank_zero_warn

from gan_zoo.callbacks.gallery import Gallery, callbacks_of
from gan_zoo.callbacks.inference import inference
from gan_zoo.callbacks.page import Report
from gan_zoo.callbacks.tick import dry
from gan_zoo.evaluation.job import Result
from gan_zoo.evaluation.offers import completed
from gan_zoo.evaluation.report import notes, rows, table
from gan_zoo.evaluation.runner import check, evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.protocol import Measure

PREFIX = "metrics/"


class Metrics(Callback):
    """At every n-th tick, and at the last: ``metrics/<key>`` for each number, ``metrics/<name>`` for each measure.

    The latter is the measure's first number, its mean over directions: what checkpoints and early stops go by. After
    each measurement, ``on_metrics(trainer, module)`` is called of every callback that has it.

    Args:
        measures: by name.
        settings: how much, on what, how often.
    """

    tick_order = -5  # the checkpoint is safe by then; grids and page come later

    def __init__(self, measures: Mapping[str, Measure], settings: Settings = Settings()) -> None:
        self.measures, self.settings = dict(measures), settings
        self.ticks, self.images = 0, -1  # ticks so far, and the images seen when it was last measured
        self.said: set[str] = set()
        self.result = Result()

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Refuse what can never be measured."""
        check(self.measures, pl_module, trainer.datamodule)  # type: ignore[attr-defined]

    def on_tick(self, trainer: Trainer, module: Any) -> None:
        """Measure, if it is time."""
        self.ticks += 1
        if self.ticks % self.settings.every_n_ticks == 0:
            self.measure(trainer, module)

    def on_final_tick(self, trainer: Trainer, module: Any) -> None:
        """Measure, and say what came out."""
        self.measure(trainer, module)
        if trainer.is_global_zero and self.result.values:
            print(table(self.result), flush=True)

    def state_dict(self) -> dict[str, Any]:
        """The ticks so far, so that a resumed run measures when the uninterrupted one would."""
        return {"ticks": self.ticks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting; the tick that wrote the checkpoint came before this callback's turn."""
        self.ticks = int(state_dict["ticks"]) + 1

    def measure(self, trainer: Trainer, module: Any) -> None:
        """On all ranks; nothing of the training changes."""
        if dry(trainer) or self.images == module.images_seen:
            return
        self.images, data = module.images_seen, trainer.datamodule  # type: ignore[attr-defined]
        self.measures, _ = completed(self.measures, module, data)  # what data bring themselves is made once
        with inference(trainer, module, self.settings.seed):
            self.result = evaluate(
                self.measures,
                module,
                data,
                self.settings,
                module.device,
                training=True,
                local_first=trainer.local_rank == 0,
                barrier=trainer.strategy.barrier,
            )
        self._tell(trainer)
        for callback in list(trainer.callbacks):  # type: ignore[attr-defined]
            if hasattr(callback, "on_metrics"):
                callback.on_metrics(trainer, module)

    def _tell(self, trainer: Trainer) -> None:
        found = {f"{PREFIX}{name}": value for name, value in (self.result.values | self.result.headlines).items()}
        trainer.callback_metrics.update({name: torch.tensor(value) for name, value in found.items()})
        for logger in trainer.loggers:
            logger.log_metrics(found, step=trainer.global_step)
        for line in notes(self.result):
            if line not in self.said:
                self.said.add(line)
                rank_zero_warn(line)
        for gallery in callbacks_of(trainer, Gallery):
            gallery.reports["metrics"] = Report("Metrics", "; ".join(notes(self.result)), rows(self.result))
