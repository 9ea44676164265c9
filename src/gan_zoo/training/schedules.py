"""Learning-rate schedules: factors on each optimiser's initial rate, by the number of epochs done (from 0).

An epoch is a pass through the larger domain, counted in images, so that the number of devices does not matter.
Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2, ``get_scheduler``; its versions from 2020-07 to 2025-07
stepped at the start of an epoch, so that every rate came one epoch early. ``Halving`` counts iterations instead.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from gan_zoo.errors import UserError, nearest


@dataclass
class Schedule:
    """A pure function of the epoch (or of the iteration, where it says so), unless it watches a metric."""

    counts_iterations: ClassVar[bool] = False

    def __call__(self, epoch: int) -> float:
        """The factor during epoch ``epoch`` (0 is the first)."""
        raise NotImplementedError(f"{type(self).__name__} must give a factor")

    def clock(self, run: Any) -> int:
        """What a run (a ``GANModule``) gives to ``__call__``."""
        return int(run.global_step if self.counts_iterations else run.epoch)

    def rate_of(self, run: Any) -> float:
        """The factor of a run now."""
        return self(self.clock(run))

    def end_epoch(self, metrics: Mapping[str, Tensor | float]) -> None:
        """Told the latest metrics at the end of each epoch."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold: nothing for a pure function."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` gave."""


@dataclass
class Constant(Schedule):
    """The initial rate throughout, as the pix2pix paper trains."""

    def __call__(self, epoch: int) -> float:
        """Always 1."""
        return 1.0


@dataclass
class Linear(Schedule):
    """Constant for ``n_epochs``, then falling by 1 / (n_epochs_decay + 1) an epoch: the last one still has that rate.

    ``first_epoch`` is the number of the first epoch (the reference's ``epoch_count``).
    """

    n_epochs: int = 100
    n_epochs_decay: int = 100
    first_epoch: int = 1

    def __call__(self, epoch: int) -> float:
        """1 - max(0, e - n_epochs) / (n_epochs_decay + 1) for epoch number e = first_epoch + epoch, at least 0."""
        past = max(0, epoch + self.first_epoch - self.n_epochs)
        return max(0.0, 1.0 - past / (self.n_epochs_decay + 1))


@dataclass
class Step(Schedule):
    """Multiplied by ``factor`` every ``every`` epochs."""

    every: int = 50
    factor: float = 0.1

    def __call__(self, epoch: int) -> float:
        """factor ** (epoch // every)."""
        return float(self.factor ** (epoch // self.every))


@dataclass
class Halving(Schedule):
    """Multiplied by ``factor`` every ``every`` iterations: NVlabs/MUNIT @ a82e222b under its own PyTorch 0.4.

    The same code halves one iteration earlier from PyTorch 1.1 on.
    """

    every: int = 100_000
    factor: float = 0.5

    counts_iterations = True

    def __call__(self, iteration: int) -> float:
        """factor ** (iteration // every), from 0."""
        return float(self.factor ** (iteration // self.every))


@dataclass
class LinearSecondHalf(Schedule):
    """Constant for half of the iterations, then down to 0 at the last: znxlwm/UGATIT-pytorch @ b8c42518.

    There the rate of an odd number of iterations ends a share below 0, a resumed run's is a share low; here neither.
    """

    n_iterations: int = 1_000_000

    counts_iterations = True

    def __call__(self, iteration: int) -> float:
        """1 - max(0, i - N // 2) / (N // 2) for iteration i = 1, 2, …, N, which is number i - 1 from 0; at least 0.

        Raises:
            UserError: N is not positive, as of a run without a number of iterations.
        """
        if self.n_iterations < 1:
            raise UserError(
                f"model.schedule.n_iterations={self.n_iterations}: give the run a length in iterations, "
                "trainer.max_steps, or take model/schedule=linear"
            )
        half = self.n_iterations // 2
        return max(0.0, 1.0 - max(0, iteration + 1 - half) / max(1, half))


@dataclass
class Cosine(Schedule):
    """Half a cosine from 1 to 0 in ``n_epochs``; it rises again after them (Loshchilov and Hutter 2017)."""

    n_epochs: int = 100

    def __call__(self, epoch: int) -> float:
        """(1 + cos(pi epoch / n_epochs)) / 2."""
        return 0.5 * (1 + math.cos(math.pi * epoch / self.n_epochs))


@dataclass
class Plateau(Schedule):
    """Multiplied by ``factor`` when ``monitor`` has not fallen by a share of ``threshold`` for ``patience`` epochs.

    The reference hands its scheduler the constant 0, so that its rate falls after 7 epochs whatever happens; ours
    watches a metric that a run logs. ``monitor`` is its name, for example ``val/l1``. A fall of less than
    ``smallest_fall`` of the initial rate is not made (PyTorch's ``eps`` of 1e-8, at the reference's rate of 2e-4).
    """

    monitor: str = "val/l1"
    factor: float = 0.2
    threshold: float = 0.01
    patience: int = 5
    smallest_fall: float = 5e-5

    def __post_init__(self) -> None:
        if not self.monitor:
            raise UserError("the plateau schedule needs a metric: model.schedule.monitor=val/l1")
        self.best, self.waited, self.current = math.inf, 0, 1.0

    def __call__(self, epoch: int) -> float:
        """The factor reached so far."""
        return self.current

    def end_epoch(self, metrics: Mapping[str, Tensor | float]) -> None:
        """Compare the metric with the best one so far.

        Raises:
            UserError: other metrics of that stage have been logged, but not this one.
        """
        if self.monitor not in metrics:
            if not any(name.startswith(self.monitor.partition("/")[0] + "/") for name in metrics):
                return  # nothing has been validated yet
            hint = nearest(self.monitor, metrics)
            raise UserError(f"the plateau schedule watches {self.monitor}, which is not logged{hint}")
        value = float(metrics[self.monitor])
        if value < self.best * (1 - self.threshold):
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        if self.waited > self.patience:
            self.waited = 0
            if self.current * (1 - self.factor) > self.smallest_fall:
                self.current *= self.factor

    def state_dict(self) -> dict[str, Any]:
        """Best value, epochs waited, factor reached."""
        return {"best": self.best, "waited": self.waited, "current": self.current}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` gave."""
        self.best, self.waited, self.current = state["best"], state["waited"], state["current"]
