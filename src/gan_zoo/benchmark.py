"""How fast a training iteration is, how many floating-point operations it takes, and what the framework adds to it."""

import copy
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import torch
from lightning import Callback, LightningDataModule, LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from gan_zoo.training.module import GANModule
from gan_zoo.training.pretrained import Judge
from gan_zoo.training.shared import SharedPass

Batch = dict[str, Tensor]
PHASES = ("data", "forward", "backward", "step")


@dataclass
class Timing:
    """Milliseconds an iteration (``total``, measured without waiting for the device in between) and images/s."""

    total: float
    images_per_second: float
    peak_bytes: int = 0


class Noise(LightningDataModule):
    """One sample of noise again and again, held in memory: a model's speed without a disk's."""

    def __init__(self, sample: Batch, batch_size: int, length: int = 100_000) -> None:
        super().__init__()
        self.name, self.sample, self.batch_size, self.train_size = "noise", sample, batch_size, length

    def train_dataloader(self) -> DataLoader[Batch]:
        """As many batches as anybody asks for."""
        return DataLoader(_Same(self.sample, self.train_size), batch_size=self.batch_size)


class _Same(Dataset[Batch]):
    def __init__(self, sample: Batch, length: int) -> None:
        self.sample, self.length = sample, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, position: int) -> Batch:
        return self.sample


def noise_pictures(channels: Mapping[str, int], height: int, width: int) -> Batch:
    """Pictures (C, H, W) in [-1, 1] of independent pixels, by name; always the same."""
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(c, height, width, generator=generator) * 2 - 1 for name, c in channels.items()}


def noise_maps(classes: Mapping[str, int], height: int, width: int) -> Batch:
    """Maps (1, H, W) of independent ids, int64, below so many by name; always the same."""
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randint(n, (1, height, width), generator=generator) for name, n in classes.items()}


# ---- floating-point operations


def flops_per_iteration(model: GANModule, batch: Batch, iteration: int = 0) -> int:
    """Floating-point operations (two a multiply-add) of one whole training iteration, optimisers included.

    ``iteration``: its number, which counts where not all of them are alike (lazy regularisation).

    The model stays as it was. Matrix products and convolutions count, as ``torch.utils.flop_counter`` does it. Only
    shapes are computed where that is enough, so that it takes seconds and little memory. Published networks need no
    weights for it.
    """
    try:
        return _count(copy.deepcopy(model), batch, iteration, torch.device("meta"))
    except (RuntimeError, NotImplementedError):  # a step that looks at values (ids of instances) or switches autocast
        return _count(copy.deepcopy(model), batch, iteration, model.device)


def _count(model: GANModule, batch: Batch, iteration: int, device: torch.device) -> int:
    counter = FlopCounterMode(display=False)
    # Its module tracker raises where a step calls autograd.grad on a leaf (gradient penalties); totals need no tracker.
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]
    model.draw = lambda name, shape: torch.zeros(shape, device=device)  # type: ignore[method-assign]
    iterate = bare(model.to(device).train(), begin=iteration)
    for judge in (value for value in vars(model).values() if isinstance(value, Judge)):
        judge.network = judge.published.network().requires_grad_(False)  # any weights make the same count
    with counter:
        iterate({name: value.to(device) for name, value in batch.items() if isinstance(value, Tensor)})
    return int(counter.get_total_flops())


class _NoModules:
    parents = {"Global"}

    def __enter__(self) -> "_NoModules":
        return self

    def __exit__(self, *error: object) -> None:
        return None


# ---- the paper's step without Lightning


@dataclass
class _Alone:
    """What a model asks of its trainer, where it trains without one."""

    global_step: int = 0
    global_rank: int = 0
    world_size: int = 1
    current_epoch: int = 0


def bare(
    model: GANModule, autocast: Callable[[], AbstractContextManager[Any]] = nullcontext, begin: int = 0
) -> Callable[[Batch], None]:
    """A function that runs the paper's own ``training_step`` on a batch, with nothing of Lightning around its updates.

    ``model`` must be one that no trainer has: what updates are made of is replaced by the plainest there is.
    ``begin`` is the number of the first iteration.
    """
    optimizers = dict(zip(model.players, model.configure_optimizers(), strict=True))
    alone = _Alone(begin)

    def zero(*players: str) -> None:
        for player in players:
            optimizers[player].zero_grad()

    def step(*players: str) -> None:
        for player in players:
            optimizers[player].step()

    def renew(*players: str) -> None:
        for player in players:
            optimizers[player].state.clear()

    model._trainer = alone  # type: ignore[assignment]
    model.zero, model.step, model.renew = zero, step, renew  # type: ignore[method-assign]
    model.accumulate = partial(_accumulate, model)  # type: ignore[method-assign]
    training_step = type(model).training_step.__wrapped__  # type: ignore[attr-defined]  # not the base class's wrapper

    def iterate(batch: Batch) -> None:
        with autocast():
            training_step(model, batch, alone.global_step)
        alone.global_step += 1

    return iterate


def _accumulate(
    model: GANModule,
    loss_fn: Callable[..., Mapping[str, Tensor]],
    *args: Any,
    over: str | tuple[str, ...],
    shared: SharedPass | None = None,
) -> None:
    """The gradient of ``loss_fn(*args)`` for the players in ``over``; neither watched nor logged."""
    learners = (over,) if isinstance(over, str) else over
    with model.frozen_except(*learners):
        total = torch.stack(list(loss_fn(*args).values())).sum()
        if shared is not None and learners == (shared.player,):
            total = shared.handed_over(total)
        inputs = [p for player in learners for p in getattr(model, player).parameters() if p.requires_grad]
        total.backward(inputs=inputs if shared is not None else None)  # type: ignore[no-untyped-call]


# ---- time


def time_iterations(
    model: GANModule, data: LightningDataModule, options: Mapping[str, Any], iterations: int, warmup: int = 5
) -> Timing:
    """Train for ``warmup + iterations`` under Lightning; the mean of the last ``iterations``.

    ``options``: further arguments of the Trainer (accelerator, precision, callbacks, logger…).
    """
    clock = Clock(warmup, warmup + iterations)
    settings = dict(options)
    settings["callbacks"] = [*settings.get("callbacks", []), clock]
    trainer = Trainer(**_quiet() | settings, max_steps=warmup + iterations, max_epochs=-1)
    if trainer.strategy.root_device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    trainer.fit(model, datamodule=data)
    images = clock.images / clock.seconds
    return Timing(1000 * clock.seconds / iterations, images, peak_bytes=peak_bytes(trainer.strategy.root_device))


def time_phases(
    model: GANModule, data: LightningDataModule, options: Mapping[str, Any], iterations: int, warmup: int = 5
) -> dict[str, float]:
    """Milliseconds an iteration spent in data, forward, backward and step; the device is waited for at each change."""
    phases = Phases(warmup)
    settings = dict(options)
    settings["callbacks"] = [*settings.get("callbacks", []), phases]
    trainer = Trainer(**_quiet() | settings, max_steps=warmup + iterations, max_epochs=-1)
    with phases.listening(model):
        trainer.fit(model, datamodule=data)
    return {phase: 1000 * phases.seconds[phase] / iterations for phase in PHASES}


def time_bare(
    model: GANModule, batches: Iterable[Batch], options: Mapping[str, Any], iterations: int, warmup: int = 5
) -> float:
    """Seconds of ``iterations`` of the bare loop over these batches, in the precision that ``options`` names."""
    device = torch.device("cuda" if options.get("accelerator") != "cpu" and torch.cuda.is_available() else "cpu")
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(str(options.get("precision")))

    def autocast() -> AbstractContextManager[Any]:
        return torch.autocast(device.type, half) if half else nullcontext()

    iterate, stream, start = bare(model.to(device).train(), autocast), _forever(batches), 0.0
    for number in range(warmup + iterations):
        if number == warmup:
            start = _now(device)
        iterate(
            {
                name: value.to(device, non_blocking=True)
                for name, value in next(stream).items()
                if isinstance(value, Tensor)
            }
        )
    return _now(device) - start


def alternate(first: Callable[[], float], second: Callable[[], float], pairs: int) -> tuple[float, list[float]]:
    """Median of first/second over ``pairs`` of runs, and all ratios; which one runs first alternates."""
    ratios = []
    for number in range(pairs):
        if number % 2:
            below, above = second(), first()
        else:
            above, below = first(), second()
        ratios.append(above / below)
    return statistics.median(ratios), ratios


class Clock(Callback):
    """Seconds and images from the end of iteration ``begin`` to the end of iteration ``end``."""

    def __init__(self, begin: int, end: int) -> None:
        self.begin, self.end = begin, end
        self.start, self.seconds, self.images = 0.0, 0.0, 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Without warm-up the first iteration counts."""
        if self.begin == 0:
            self.start = _now(pl_module.device)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Wait for the device at both ends only."""
        if trainer.global_step > self.begin:
            self.images += len(next(iter(batch.values()))) * trainer.world_size
        if trainer.global_step == self.begin:
            self.start = _now(pl_module.device)
        elif trainer.global_step == self.end:
            self.seconds = _now(pl_module.device) - self.start


class Phases(Callback):
    """What each part of an iteration takes: ``backward`` and ``step`` are listened to, the rest is ``forward``."""

    def __init__(self, warmup: int) -> None:
        self.warmup, self.on = warmup, warmup == 0
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self.mark = 0.0

    @contextmanager
    def listening(self, model: GANModule) -> Iterator[None]:
        """Around a fit: the model's backward passes and updates report their time."""
        model.manual_backward = self._timed(model, model.manual_backward, "backward")  # type: ignore[method-assign]
        model._update = self._timed(model, model._update, "step")  # type: ignore[method-assign]
        try:
            yield
        finally:
            del model.manual_backward, model._update

    def _timed(self, model: GANModule, function: Callable[..., Any], phase: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._add("forward", model.device)
            result = function(*args, **kwargs)
            self._add(phase, model.device)
            return result

        return timed

    def _add(self, phase: str, device: torch.device) -> None:
        now = _now(device)
        if self.on:
            self.seconds[phase] += now - self.mark
        self.mark = now

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Waiting for data begins."""
        self.mark = _now(pl_module.device)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int) -> None:
        """The batch is here."""
        self._add("data", pl_module.device)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """The step is over."""
        self._add("forward", pl_module.device)
        self.on = self.on or trainer.global_step >= self.warmup


def peak_bytes(device: torch.device) -> int:
    """Most memory so far: of the device's allocator on a GPU, else of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _forever(batches: Iterable[Batch]) -> Iterator[Batch]:
    while True:
        yield from batches


def _quiet() -> dict[str, Any]:
    """Lightning without what it would do beside training."""
    return {
        **{"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False},
        **{"limit_val_batches": 0, "num_sanity_val_steps": 0},
    }
