"""The end of a training that no longer gets better, by any metric."""

from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping

from gan_zoo.callbacks.metrics import PREFIX, Metrics
from gan_zoo.errors import UserError, nearest


class EarlyStop(EarlyStopping):
    """Stops when ``monitor`` has not improved for ``patience`` looks at it; Lightning's own, by this zoo's clock.

    A metric (``metrics/fid``, or ``fid`` alone) is looked at whenever metrics are measured, one of validation
    (``val/l1``) after each validation.

    Args:
        monitor: what to go by; None: nothing stops.
        mode: "min" or "max".
        patience: looks without improvement.
        min_delta: what counts as improvement.

    Raises:
        UserError: nothing of the name ``monitor`` is logged.
    """

    def __init__(
        self, monitor: str | None = None, mode: str = "min", patience: int = 5, min_delta: float = 0.0
    ) -> None:
        if mode not in ("min", "max"):
            raise UserError(f"callbacks.early_stop.mode is {mode}: min or max")
        if patience < 1:
            raise UserError(f"callbacks.early_stop.patience is {patience}: give 1 or more")
        super().__init__(monitor or "", min_delta, patience, mode=mode, strict=False, check_finite=False)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Find what is meant."""
        if stage == "fit" and self.monitor:
            self.monitor = resolved(trainer, self.monitor, self.mode, "early_stop")

    def on_metrics(self, trainer: Trainer, module: Any) -> None:
        """Look, if it is a metric that counts."""
        if self.monitor.startswith(PREFIX):
            self._look(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look, if it is another number that counts."""
        running = trainer.state.fn == "fit" and not trainer.sanity_checking
        if self.monitor and not self.monitor.startswith(PREFIX) and running:
            self._look(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Not a time to look."""

    def _look(self, trainer: Trainer) -> None:
        if self.monitor not in trainer.callback_metrics:
            known = [name for name in trainer.callback_metrics if name not in ("epoch", "step")]
            raise UserError(f"callbacks.early_stop.monitor={self.monitor} is not logged{nearest(self.monitor, known)}")
        self._run_early_stopping_check(trainer)
        if trainer.should_stop and trainer.is_global_zero and self.stopped_epoch == trainer.current_epoch:
            best = float(torch.as_tensor(self.best_score))
            print(f"stopping: {self.monitor} has not improved on {best:.4g} {self.wait_count} times", flush=True)


def resolved(trainer: Any, monitor: str, mode: str, option: str) -> str:
    """The logged name that a typed one means: ``fid`` is ``metrics/fid`` where that is measured.

    Raises:
        UserError: it is a metric that is not measured, or one whose better values lie the other way.
    """
    measures = {
        name: one
        for callback in trainer.callbacks
        if isinstance(callback, Metrics)
        for name, one in callback.measures.items()
    }
    short = monitor.removeprefix(PREFIX)
    measure = measures.get(short, measures.get(short.partition("/")[0]))  # by name, or one of its keys: l1, l1/ab
    if measure is None:
        if monitor.startswith(PREFIX) and not measures:
            raise UserError(f"callbacks.{option}.monitor={monitor}: no metrics are measured; add metrics=[…]")
        return monitor
    better, word = ("max", "higher") if measure.higher_is_better else ("min", "lower")
    if measure.higher_is_better is not None and mode != better:
        what = f"callbacks.{option}.monitor={monitor}: {word} is better"
        raise UserError(f"{what}; set callbacks.{option}.mode={better}")
    return f"{PREFIX}{short}"
