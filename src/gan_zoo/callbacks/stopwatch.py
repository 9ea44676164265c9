"""Seconds of training, without validation and ticks."""

import time

from lightning import Callback, LightningModule, Trainer


class Stopwatch(Callback):
    """A callback whose ``clock`` stands still while nothing is trained."""

    def __init__(self) -> None:
        self.paused = 0.0  # seconds spent on something other than training
        self.validation_began = 0.0

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop the clock."""
        self.validation_began = time.perf_counter()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let it go on."""
        self.pause(time.perf_counter() - self.validation_began)

    def pause(self, seconds: float) -> None:
        """Do not count seconds that have just passed; ticks call it."""
        self.paused += seconds

    def clock(self) -> float:
        """Seconds of training, from an arbitrary beginning."""
        return time.perf_counter() - self.paused
