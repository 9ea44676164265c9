"""How fast training is, and what it waits for."""

import resource
import sys
from typing import Any

import torch
from lightning import Trainer

from gan_zoo.callbacks.stopwatch import Stopwatch


class Throughput(Stopwatch):
    """Logs ``speed/images_per_second``, ``speed/data_ms``, ``speed/step_ms``, ``speed/memory_gb`` whenever losses are.

    Images count over all devices; milliseconds are an iteration's: waiting for its data, and all the rest. Validation
    and ticks count for nothing. Memory is the peak of the device (of the process, on a CPU). The device is never waited
    for: a step's time is right because logging waits for it anyway.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waited, self.batches = 0.0, 0
        self.since, self.images = 0.0, 0
        self.batch_ended = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Start the clock."""
        if pl_module.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(pl_module.device)
        self.batch_ended = self.clock()
        self._restart(pl_module)

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """The data has come."""
        self.waited += self.clock() - self.batch_ended

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Note the time, and log it now and then."""
        self.batches += 1
        if trainer._logger_connector.should_update_logs:
            pl_module.log_dict(self.measure(pl_module))
            self._restart(pl_module)
        self.batch_ended = self.clock()

    def measure(self, module: Any) -> dict[str, float]:
        """The figures since the last time."""
        seconds = max(self.clock() - self.since, 1e-9)
        return {
            "speed/images_per_second": (module.images_seen - self.images) / seconds,
            "speed/data_ms": 1000 * self.waited / self.batches,
            "speed/step_ms": 1000 * (seconds - self.waited) / self.batches,
            "speed/memory_gb": peak_memory(module.device) / 2**30,
        }

    def _restart(self, module: Any) -> None:
        self.since, self.images = self.clock(), module.images_seen
        self.waited, self.batches = 0.0, 0


def peak_memory(device: torch.device) -> int:
    """Bytes: allocated by tensors on a GPU, resident memory of the process on a CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
