"""What is about to happen, in a few lines, before it does."""

import math
from datetime import timedelta
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Timer
from torch.nn.modules.batchnorm import _BatchNorm

Line = tuple[str, str]


class Announce(Callback):
    """Prints data, model, devices, batch, precision, what norms and pools see, and how far there is to go."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print it, once for all ranks."""
        if trainer.is_global_zero:
            for name, text in announcement(trainer, pl_module):
                print(f"{name + ':':<11} {text}", flush=True)


def announcement(trainer: Trainer, module: Any) -> list[Line]:
    """Name and text of each line."""
    lines = [_data(trainer), _model(module), _remark(module), _batch(trainer, module), _precision(trainer)]
    return [
        line for line in [*lines, _norm(trainer, module), _pools(trainer, module), _length(trainer, module)] if line
    ]


def planned_iterations(trainer: Trainer) -> int | None:
    """Iterations (``global_step``) of the whole training, those already done included; None without end."""
    limits = []
    if trainer.max_steps != -1:
        limits.append(trainer.max_steps)
    if trainer.max_epochs not in (None, -1) and math.isfinite(trainer.num_training_batches):
        limits.append(trainer.max_epochs * -(-int(trainer.num_training_batches) // trainer.accumulate_grad_batches))
    return min(limits, default=None)


def seconds_left(trainer: Trainer) -> float | None:
    """What ``trainer.max_time`` leaves; None where there is no such limit."""
    timers = [callback for callback in trainer.callbacks if isinstance(callback, Timer)]  # type: ignore[attr-defined]
    return min((left for left in (timer.time_remaining() for timer in timers) if left is not None), default=None)


def images_per_iteration(trainer: Trainer) -> int | None:
    """Images of one iteration over all devices and micro-batches; None where the data have no batch size."""
    size = getattr(trainer.train_dataloader, "batch_size", None)
    return None if size is None else size * trainer.world_size * trainer.accumulate_grad_batches


def count(n: int, one: str, many: str | None = None) -> str:
    """``1 image``, ``1,234 images``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _data(trainer: Any) -> Line | None:
    describe = getattr(trainer.datamodule, "describe", None)
    return ("data", describe()) if describe else None


def _model(module: Any) -> Line:
    players = [(name, sum(p.numel() for p in getattr(module, name).parameters())) for name in module.players]
    return "model", f"{type(module).__name__}: " + ", ".join(
        f"{name} {n / 1e6:.2f} M parameters" for name, n in players
    )


def _remark(module: Any) -> Line | None:
    """What a model says of its size (``remark()``, "" for nothing), if it has something to say."""
    remark = getattr(module, "remark", None)
    text = remark() if remark else ""
    return ("note", text) if text else None


def _batch(trainer: Trainer, module: Any) -> Line | None:
    total = images_per_iteration(trainer)
    if total is None:
        return _growth(trainer, module)
    micro, world = trainer.accumulate_grad_batches, trainer.world_size
    factors = [count(world, f"{trainer.strategy.root_device.type} device")]
    factors += [f"batch {total // world // micro}"]
    factors += [f"{micro} micro-batches"] if micro > 1 else []
    return "batch", f"{' x '.join(factors)} = {count(total, 'image')} an iteration"


def _growth(trainer: Trainer, module: Any) -> Line | None:
    """The sizes of a model that grows, each with its batch; its schedule says how long."""
    schedule: Any = getattr(module, "schedule", None)
    if not hasattr(schedule, "stages"):
        return None
    stages = schedule.stages(trainer.world_size)
    sizes = ", ".join(f"{stage.resolution} px x {stage.batch}" for stage in stages)
    kimg = f"{schedule.train_kimg:g} + {schedule.fade_kimg:g} thousand images at each size and of each fade"
    return "growth", f"{sizes}; {kimg}; now {schedule.at(schedule.clock(module), trainer.world_size).resolution} px"


def _precision(trainer: Trainer) -> Line:
    return "precision", str(trainer.precision)


def _norm(trainer: Trainer, module: Any) -> Line | None:
    kinds = {type(layer).__name__ for layer in module.modules() if isinstance(layer, _BatchNorm)}
    if not kinds or trainer.world_size == 1:
        return None
    if "SyncBatchNorm" in kinds:
        return "batch norm", "statistics of the whole batch, over all devices"
    return (
        "batch norm",
        "statistics of each device's own batch (trainer.sync_batchnorm=true for the whole one, on GPUs)",
    )


def _pools(trainer: Trainer, module: Any) -> Line | None:
    pools = getattr(module, "rank_local", {}).values()
    sizes = {pool.capacity for pool in pools if getattr(pool, "capacity", 0)}
    if not sizes:
        return None
    where = f", one set on each of the {trainer.world_size} devices" if trainer.world_size > 1 else ""
    return "pools", f"of {' and '.join(map(str, sorted(sizes)))} earlier fakes for the discriminators{where}"


def _length(trainer: Trainer, module: Any) -> Line:
    end, done, limit = planned_iterations(trainer), trainer.global_step, seconds_left(trainer)
    if end is None and limit is not None:
        return "to go", f"{timedelta(seconds=round(limit))} of training"
    if end is None:
        return "to go", "no end set (trainer.max_epochs or trainer.max_steps sets one)"
    left, batch = max(0, end - done), images_per_iteration(trainer)
    total = getattr(getattr(module, "schedule", None), "total_kimg", None)
    known = left * batch if batch else 1000 * total - module.images_seen if total and trainer.max_epochs == 1 else None
    images = f" ({count(max(0, round(known)), 'image')})" if known is not None else ""
    behind = f"; {count(done, 'iteration')} ({count(module.images_seen, 'image')}) behind" if done else ""
    until = f", or {timedelta(seconds=round(limit))} of training if that is sooner" if limit is not None else ""
    return "to go", f"{count(left, 'iteration')}{images}{until}{behind}"
