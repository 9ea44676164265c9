"""What a run took, in a few numbers, for whoever compares it with others."""

from pathlib import Path
from typing import Any

import torch
from lightning import Trainer

from gan_zoo.callbacks.files import write_json
from gan_zoo.callbacks.stopwatch import Stopwatch
from gan_zoo.callbacks.throughput import peak_memory
from gan_zoo.callbacks.tick import dry


class Summary(Stopwatch):
    """Writes ``path`` at each tick: images and iterations, seconds of training, images a second, peak memory, device.

    Validation and ticks count for nothing; speed leaves out the first iteration of each start, in which libraries are
    made ready. A resumed run adds to what its checkpoint says; memory is the most that any start took, of the device
    (of the process, on a CPU).

    Args:
        path: a JSON file.

    Raises:
        UserError: it cannot be written.
    """

    tick_order = -20  # before the checkpoint: a run that has one has a summary

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self.before = {"seconds": 0.0, "timed_seconds": 0.0, "timed_images": 0.0, "memory_gb": 0.0}  # earlier starts
        self.began, self.first_images = 0.0, 0
        self.since: float | None = None  # when the first iteration was over
        self.images, self.device = 0, torch.device("cpu")

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Start the clock."""
        self.device, self.images = pl_module.device, pl_module.images_seen
        self.began, self.since, self.first_images = self.clock(), None, self.images

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Time what follows the first iteration."""
        self.images = pl_module.images_seen
        if self.since is None and self.images > self.first_images:
            self.since, self.first_images = self.clock(), self.images

    def state_dict(self) -> dict[str, Any]:
        """The sums up to now, for the checkpoint."""
        timed = 0.0 if self.since is None else self.clock() - self.since
        images = 0 if self.since is None else self.images - self.first_images
        return {
            "seconds": self.before["seconds"] + self.clock() - self.began,
            "timed_seconds": self.before["timed_seconds"] + timed,
            "timed_images": self.before["timed_images"] + images,
            "memory_gb": max(self.before["memory_gb"], peak_memory(self.device) / 2**30),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from the sums of earlier starts."""
        self.before = {key: float(state_dict.get(key, 0.0)) for key in self.before}

    def on_tick(self, trainer: Trainer, module: Any) -> None:
        """Write the file, on the first rank."""
        if trainer.is_global_zero and not dry(trainer):
            write_json(self.path, self.measure(trainer, module), "the run's summary")

    def measure(self, trainer: Trainer, module: Any) -> dict[str, Any]:
        """What is written; ``images_per_second`` is null where there was one iteration only."""
        sums, cuda = self.state_dict(), self.device.type == "cuda"
        timed = sums["timed_images"] > 0
        return {
            "images_seen": int(module.images_seen),
            "iterations": trainer.global_step,
            "seconds": round(sums["seconds"], 3),
            "images_per_second": sums["timed_images"] / max(sums["timed_seconds"], 1e-9) if timed else None,
            "memory_gb": sums["memory_gb"],
            "device": torch.cuda.get_device_name(self.device) if cuda else self.device.type,
            "devices": trainer.world_size,
        }
