"""The one clock of a run: when checkpoints, grids and pages are made."""

import signal
import threading
import time
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities.exceptions import SIGTERMException

from gan_zoo.errors import UserError


class Tick(Callback):
    """Calls ``on_tick(trainer, module)`` of every callback that has it: between two iterations, on all ranks alike.

    It ticks when ``images_seen`` has passed a multiple of ``every_n_images``, after each epoch, when training ends, and
    on SIGTERM, which then ends the run; never twice for the same number of images. The last tick of a training that was
    not interrupted also calls ``on_final_tick``. Callbacks are called by their ``tick_order`` (0 where they have none):
    checkpoints come first, pages that show what others made come last.

    A tick comes as the next batch begins: validation, metrics and schedules of the last one are done then.

    Args:
        every_n_images: images between two ticks, summed over devices; None for epochs and the end only.

    Raises:
        UserError: ``every_n_images`` is not positive.
    """

    def __init__(self, every_n_images: int | None = None) -> None:
        if every_n_images is not None and every_n_images < 1:
            raise UserError(
                f"callbacks.tick.every_n_images is {every_n_images}: give a positive number of images, "
                "or null for a tick at the end of each epoch only"
            )
        self.every_n_images = every_n_images
        self.last = 0  # images seen at the last tick
        self.terminated = False  # whether this process received SIGTERM

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to count, and to listen for SIGTERM."""
        self.last = pl_module.images_seen  # type: ignore[assignment]  # a number, by GANModule
        self.terminated = trainer.received_sigterm
        if threading.current_thread() is threading.main_thread():
            self._listen(trainer)

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Tick if it is time, at the first micro-batch of an iteration."""
        if not pl_module.iteration.first:
            return
        seen, every = pl_module.images_seen, self.every_n_images
        due = batch_idx == 0 or (every is not None and seen // every != self.last // every)
        terminated = self._anyone_terminated(trainer)
        if due or terminated:
            self._tick(trainer, pl_module)
        if terminated:
            # The status of a process ended by this signal; the launcher of ranks takes any but 0 from them for a crash.
            raise SIGTERMException(128 + signal.SIGTERM if trainer.is_global_zero else 0)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The last tick."""
        self._tick(trainer, pl_module, final=True)

    def _tick(self, trainer: Trainer, module: Any, final: bool = False) -> None:
        if dry(trainer) or (module.images_seen == self.last and not final):
            return
        began, repeated = time.perf_counter(), module.images_seen == self.last
        self.last = module.images_seen
        callbacks = sorted(trainer.callbacks, key=lambda callback: getattr(callback, "tick_order", 0))  # type: ignore[attr-defined]
        for callback in callbacks:
            if final and hasattr(callback, "on_final_tick"):
                callback.on_final_tick(trainer, module)
            if not repeated and hasattr(callback, "on_tick"):
                callback.on_tick(trainer, module)
        for callback in callbacks:
            if hasattr(callback, "pause"):
                callback.pause(time.perf_counter() - began)

    def _anyone_terminated(self, trainer: Trainer) -> bool:
        """Whether any rank received SIGTERM: all must leave the loop at the same iteration."""
        if trainer.world_size == 1:
            return self.terminated
        return trainer.strategy.reduce_boolean_decision(self.terminated, all=False)

    def _listen(self, trainer: Trainer) -> None:
        """Note SIGTERM, no more: Lightning's own handler communicates with other ranks wherever they may be."""
        before = trainer._signal_connector._original_handlers.get(signal.SIGTERM)

        def note(number: int, frame: Any) -> None:
            self.terminated = True
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGTERM, note)


def dry(trainer: Trainer) -> bool:
    """Whether this is a ``fast_dev_run``, which leaves nothing behind."""
    return bool(getattr(trainer, "fast_dev_run", False))
