"""Checkpoints: the latest, and the best by a metric."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor

from gan_zoo.callbacks import position
from gan_zoo.callbacks.early_stop import resolved
from gan_zoo.callbacks.metrics import PREFIX
from gan_zoo.callbacks.tick import Tick, dry
from gan_zoo.errors import UserError, nearest


class Checkpoint(ModelCheckpoint):
    """``last.ckpt`` at each tick, also on SIGTERM; beside it the best ones by ``monitor``, named by their metric.

    Before anything is written, the model's losses are checked: a file never holds a training that went to NaN.

    Args:
        dirpath: where to; the logger's folder if None, as Lightning has it.
        monitor: any logged metric. One of validation (``val/…``) is looked at after each validation, one of
            ``metrics/…`` (also without this prefix) when it is measured, others at ticks.
        mode: "min" or "max".
        save_top_k: how many best ones to keep. Without ``monitor``: -1 keeps the checkpoint of every tick.

    Raises:
        UserError: nothing of the name ``monitor`` is logged, or ``dirpath`` cannot be written to.
    """

    tick_order = -10  # whatever fails after it, the checkpoint is there

    def __init__(
        self, dirpath: str | Path | None = None, monitor: str | None = None, mode: str = "min", save_top_k: int = 1
    ) -> None:
        if mode not in ("min", "max"):
            raise UserError(f"callbacks.checkpoint.mode is {mode}: min or max")
        if save_top_k < -1:
            raise UserError(f"callbacks.checkpoint.save_top_k is {save_top_k}: a number of checkpoints, or -1 for all")
        kept = save_top_k if monitor is not None else max(-1, min(save_top_k, 0))
        super().__init__(
            dirpath, monitor=monitor, mode=mode, save_top_k=kept, save_last=True, enable_version_counter=False
        )
        self.validated = False  # whether a validation has run since the best was last looked for
        self.images_saved = -1  # images seen when the newest file was written
        self.images_seen = 0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Find the folder, and fail early."""
        super().setup(trainer, pl_module, stage)
        if stage != "fit" or dry(trainer):
            return
        if self.monitor:
            self.monitor = resolved(trainer, self.monitor, self.mode, "checkpoint")
        if not any(isinstance(callback, Tick) for callback in trainer.callbacks):  # type: ignore[attr-defined]
            raise UserError("the Checkpoint callback needs a clock: add gan_zoo.callbacks.tick.Tick to the callbacks")
        if self.monitor and self.monitor.startswith("val/") and not trainer.enable_validation:
            raise UserError(f"callbacks.checkpoint.monitor={self.monitor} needs validation, which is switched off")
        self._agree_or_raise(trainer, self._check_folder() if trainer.is_global_zero else None)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on at the right place."""
        position.resume(trainer)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Say where to go on."""
        if "loops" in checkpoint and trainer.state.fn == "fit":
            position.write(trainer, checkpoint)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Lightning's own, and the latest score, which it writes but does not read."""
        super().load_state_dict(state_dict)
        self.current_score = state_dict.get("current_score", self.current_score)

    def on_tick(self, trainer: Trainer, module: Any) -> None:
        """Save the best, if this is one of them, and the latest."""
        module.check_finite()
        self.images_seen = module.images_seen
        if self.monitor is None:
            self._keep(trainer)
        elif not self.monitor.startswith(PREFIX) and (self.validated or not self.monitor.startswith("val/")):
            self._save_best(trainer)
        self._save_latest(trainer)

    def on_metrics(self, trainer: Trainer, module: Any) -> None:
        """Save the best, where it is chosen by a metric: that is measured after the tick's checkpoint is safe."""
        if self.monitor and self.monitor.startswith(PREFIX) and not dry(trainer):
            module.check_finite()
            self.images_seen, best = module.images_seen, self.best_model_path
            self._save_best(trainer)
            if self.best_model_path != best:
                self._save_latest(trainer)  # so that a resumed run knows of it

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note that there are new metrics."""
        self.validated = not trainer.sanity_checking and trainer.state.fn == "fit"

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Look for a best one where a validation, but no tick, has just been."""
        if self.validated and pl_module.iteration.first:
            self._look(trainer, pl_module)

    def on_train_batch_end(self, *args: Any) -> None:
        """Not a time to save."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Not a time to save."""

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The last tick has saved."""

    def format_checkpoint_name(
        self, metrics: dict[str, Tensor], filename: str | None = None, ver: int | None = None, prefix: str | None = None
    ) -> str:
        """``images=000012000-val_l1=0.0812.ckpt``: sorted by time, one file whatever the metric's name holds."""
        score = metrics.get(self.monitor) if self.monitor else None
        tail = "" if score is None else f"-{self.monitor}={float(score):.4g}".replace("/", "_")
        return os.path.join(self.dirpath or "", f"images={self.images_seen:09d}{tail}{self.FILE_EXTENSION}")

    def _look(self, trainer: Trainer, module: Any) -> None:
        self.validated = False
        if self.monitor and self.monitor.startswith("val/") and not dry(trainer):
            module.check_finite()
            self.images_seen = module.images_seen
            self._save_best(trainer)

    def _save_best(self, trainer: Trainer) -> None:
        self.validated = False
        candidates = self._monitor_candidates(trainer)
        if self.monitor in candidates:
            self._save_monitor_checkpoint(trainer, candidates)
        elif self._stage() in trainer.lightning_module.players and not self._logged(candidates):  # type: ignore[operator]
            return  # training's own terms are logged later than the first validation
        elif known := [name for name in candidates if name not in ("epoch", "step")]:
            raise UserError(
                f"callbacks.checkpoint.monitor={self.monitor} is not logged{nearest(str(self.monitor), known)}"
            )

    def _stage(self) -> str:
        return str(self.monitor).partition("/")[0]

    def _logged(self, candidates: dict[str, Any]) -> bool:
        return any(name.startswith(f"{self._stage()}/") for name in candidates)

    def _keep(self, trainer: Trainer) -> None:
        if self.save_top_k == -1:
            self._save_checkpoint(trainer, self.format_checkpoint_name({}))

    def _save_latest(self, trainer: Trainer) -> None:
        path = os.path.join(str(self.dirpath), f"{self.CHECKPOINT_NAME_LAST}{self.FILE_EXTENSION}")
        self.last_model_path = path
        if self.monitor is None:
            self.best_model_path = path
        if self.images_saved != self.images_seen or not self._linked(trainer, path):
            self._save_checkpoint(trainer, path)

    def _linked(self, trainer: Trainer, path: str) -> bool:
        """Whether ``path`` could be made a second name of the file just written: half the time, half the space."""
        linked = False
        if trainer.is_global_zero:
            with suppress(OSError):
                temporary = f"{path}.link"
                Path(temporary).unlink(missing_ok=True)
                os.link(self._last_checkpoint_saved, temporary)
                os.replace(temporary, path)
                linked = True
        return trainer.strategy.reduce_boolean_decision(linked, all=False)

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        """Write, or fail on all ranks together."""
        failure: UserError | None = None
        try:
            super()._save_checkpoint(trainer, filepath)
            self.images_saved = self.images_seen
        except UserError as error:
            failure = error
            trainer.strategy.barrier("Trainer.save_checkpoint")  # where the other ranks wait
        self._agree_or_raise(trainer, failure)

    def _agree_or_raise(self, trainer: Trainer, failure: UserError | None) -> None:
        if trainer.strategy.reduce_boolean_decision(failure is not None, all=False):
            raise failure or UserError("another rank could not write the checkpoint: see its message")

    def _check_folder(self) -> UserError | None:
        folder = Path(str(self.dirpath))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".writable.{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            return UserError(f"cannot write checkpoints to {folder}: {error.strerror}; choose another folder")
        return None
