"""Where training stands: a bar on a terminal, a line now and then in a file."""

import math
import sys
import time
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar as LightningProgressBar
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from gan_zoo.callbacks.announce import planned_iterations, seconds_left
from gan_zoo.callbacks.throughput import peak_memory

HIDDEN = ("val/", "test/", "lr/", "speed/", "color/")  # metrics that have no place in one line


class ProgressBar(LightningProgressBar):
    """Iterations, images per second, time to go, memory and the latest losses.

    A bar where there is a terminal; elsewhere a plain line at the first iteration, every ``plain_seconds`` and at the
    end, so that a log file stays short.

    Args:
        refresh_seconds: between two updates of the bar.
        plain_seconds: between two plain lines.
    """

    tick_order = -20  # the bar is done before others print results

    def __init__(self, refresh_seconds: float = 0.5, plain_seconds: float = 30.0) -> None:
        super().__init__()
        self.refresh_seconds, self.plain_seconds = refresh_seconds, plain_seconds
        self.enabled = True
        self.bar: Progress | None = None
        self.task = TaskID(0)
        self.shown, self.due = -1, 0.0
        self.rate = Rate()
        self.end: int | None = None

    def disable(self) -> None:
        """Say nothing: other ranks."""
        self.enabled = False

    def enable(self) -> None:
        """Speak again."""
        self.enabled = True

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Above the bar."""
        (self.bar.console.print if self.bar else print)(*args)

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Draw the bar."""
        self.end, self.due, self.shown = planned_iterations(trainer), 0.0, -1
        self.rate = Rate()
        self.rate.note(pl_module.images_seen)
        if self.enabled and sys.stdout.isatty():
            columns = (TextColumn("{task.fields[head]}"), BarColumn(24), TextColumn("{task.fields[tail]}"))
            self.bar = Progress(*columns, console=Console(file=sys.stdout), auto_refresh=False)
            self.task = self.bar.add_task("", total=self.end, completed=trainer.global_step, head="", tail="")
            self.bar.start()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Show it, if it is time."""
        if self.enabled and time.monotonic() >= self.due:
            self.show(trainer, pl_module)

    def on_final_tick(self, trainer: Trainer, module: Any) -> None:
        """Show the end."""
        if self.enabled and self.shown != trainer.global_step:
            self.show(trainer, module)
        self._close()

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        """The same, where there is no clock."""
        self.on_final_tick(trainer, pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leave the terminal as it was."""
        self._close()

    def pause(self, seconds: float) -> None:
        """Do not count a tick as training."""
        self.rate.pause(seconds)

    def show(self, trainer: Trainer, module: Any) -> None:
        """Update the bar, or print a line."""
        self.rate.note(module.images_seen)
        self.shown = trainer.global_step
        tail = "  ".join(part for part in (self._speed(trainer), self._losses(trainer, module)) if part)
        head = f"{self.shown:,}/{self.end:,}" if self.end else f"{self.shown:,}"
        if self.bar is not None:
            self.bar.update(self.task, completed=self.shown, head=head, tail=tail, refresh=True)
        else:
            print(f"iteration {head}  {tail}", flush=True)
        self.due = time.monotonic() + (self.refresh_seconds if self.bar is not None else self.plain_seconds)

    def _speed(self, trainer: Trainer) -> str:
        images = self.rate.per_second
        if not images or not trainer.global_step or self.rate.images <= self.images_per_step(trainer):
            return ""  # the first iteration, which prepares much, says nothing about the others
        parts = [f"{images:.1f} images/s"]
        if self.end is not None and self.rate.images and trainer.global_step:
            left = (self.end - trainer.global_step) * self.images_per_step(trainer) / images
            limit = seconds_left(trainer)
            left = left if limit is None else min(left, limit)
            parts.append(f"{timedelta(seconds=math.ceil(max(0.0, left)))} to go")
        return "  ".join(parts)

    def images_per_step(self, trainer: Trainer) -> float:
        """Images of an iteration, as it has been so far."""
        return self.rate.images / trainer.global_step

    def _losses(self, trainer: Trainer, module: Any) -> str:
        memory = f"{peak_memory(module.device) / 2**30:.1f} GB"
        return "  ".join([memory, *shortened(trainer.callback_metrics)])

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


class Rate:
    """Images per second over the last looks: without pauses, and without the slow first iteration once it can."""

    def __init__(self, looks: int = 12) -> None:
        self.images, self.per_second = 0, 0.0
        self._looks: deque[tuple[int, float]] = deque(maxlen=looks)  # images and seconds of training
        self._paused = 0.0

    def note(self, images: int) -> None:
        """``images`` have been seen by now."""
        self.images = images
        self._looks.append((images, time.monotonic() - self._paused))
        first, last = self._looks[1 if len(self._looks) > 2 else 0], self._looks[-1]
        if last[0] > first[0]:
            self.per_second = (last[0] - first[0]) / max(last[1] - first[1], 1e-9)

    def pause(self, seconds: float) -> None:
        """So many seconds that have just passed do not count."""
        self._paused += seconds


def shortened(metrics: Mapping[str, Any]) -> list[str]:
    """``G adv 0.69``, ``D real 0.35``…: player by its first letter, then the term."""
    shown = []
    for name, value in metrics.items():
        player, _, term = name.rpartition("/")
        if player and not name.startswith(HIDDEN):
            shown.append(f"{player[0].upper()} {term} {float(value):.3g}")
    return shown
