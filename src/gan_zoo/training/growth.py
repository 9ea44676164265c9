"""When growing networks grow: a pure function of the images seen (Karras et al. 2018, appendix A; 2019, appendix C).

References: tkarras/progressive_growing_of_gans @ 2504c3f and NVlabs/stylegan @ 1e0d5c7 (``training_schedule``).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gan_zoo.errors import UserError
from gan_zoo.training.schedules import Schedule


class Stage(NamedTuple):
    """What holds at some time: level of detail, side in pixels, images of a batch on all devices, learning rate."""

    lod: float
    resolution: int
    batch: int
    rate: float


class Phased(Schedule):
    """Remembers the level of detail of the iteration before, also in checkpoints."""

    before = -1.0

    def lod(self, images: int) -> float:
        """The level of detail at a time of ``clock``."""
        raise NotImplementedError(f"{type(self).__name__} must say the level of detail")

    def now(self, run: Any) -> float:
        """The level of detail of a run (a ``GANModule``)."""
        return self.lod(self.clock(run))

    def begins(self, lod: float) -> bool:
        """Told each iteration's level of detail: whether optimisers begin anew with it."""
        renewed, self.before = renews(self.before, lod), lod
        return renewed

    def state_dict(self) -> dict[str, Any]:
        """The level of detail of the latest iteration."""
        return {"lod": self.before}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore it."""
        self.before = state.get("lod", -1.0)


@dataclass
class Growth(Phased):
    """Phases at one size, each followed by a fade to twice that size, up to the full one.

    Args:
        resolution: full size.
        start: first size.
        train_kimg, fade_kimg: thousands of images at a size, and of a fade.
        batch: images of a batch on all devices; ``batches`` says it for single sizes.
        rate: learning rate; ``rates`` says it for single sizes.
        most_per_device: at most so many images a device, by size.
        every: iterations between two looks at the clock.
        total_kimg: thousands of images of a whole training; None is no end.
    """

    resolution: int = 1024
    start: int = 4
    train_kimg: float = 600.0
    fade_kimg: float = 600.0
    batch: int = 4
    batches: Mapping[int, int] = field(default_factory=dict)
    rate: float = 0.001
    rates: Mapping[int, float] = field(default_factory=dict)
    most_per_device: Mapping[int, int] = field(default_factory=dict)
    every: int = 4
    total_kimg: float | None = None

    def __post_init__(self) -> None:
        self.batches = {int(size): int(batch) for size, batch in self.batches.items()}
        self.most_per_device = {int(size): int(most) for size, most in self.most_per_device.items()}
        self.rates = {int(size): float(rate) for size, rate in self.rates.items()}
        if not 4 <= self.start <= self.resolution:
            raise UserError(f"networks of {self.resolution} px cannot start at {self.start} px: set schedule.start")

    def lod(self, images: int) -> float:
        """The level of detail after so many images: 0 is the full size, 1 half of it."""
        kimg, phase_kimg = images / 1000.0, self.train_kimg + self.fade_kimg
        phase = math.floor(kimg / phase_kimg) if phase_kimg > 0 else 0
        lod = math.log2(self.resolution) - math.floor(math.log2(self.start)) - phase
        if self.fade_kimg > 0:
            lod -= max(kimg - phase * phase_kimg - self.train_kimg, 0.0) / self.fade_kimg
        return max(lod, 0.0)

    def at(self, images: int, devices: int = 1) -> Stage:
        """What holds after so many images on so many devices."""
        lod = self.lod(images)
        resolution = 2 ** (int(math.log2(self.resolution)) - math.floor(lod))
        batch = self.batches.get(resolution, self.batch)
        batch -= batch % devices
        if resolution in self.most_per_device:
            batch = min(batch, self.most_per_device[resolution] * devices)
        return Stage(lod, resolution, batch, self.rates.get(resolution, self.rate))

    def stages(self, devices: int = 1) -> list[Stage]:
        """What holds when each size begins to train, the first one first."""
        steps = round(math.log2(self.resolution) - math.floor(math.log2(self.start)))
        phase = 1000 * (self.train_kimg + self.fade_kimg)
        return [self.at(math.ceil(step * phase), devices) for step in range(steps + 1)]

    def clock(self, run: Any) -> int:
        """The images seen when the clock was last looked at: every few iterations, at whose batch it cannot change."""
        return int(run.images_seen - run.global_step % self.every * run.images_of_iteration)

    def __call__(self, images: int) -> float:
        """The rate over the initial one, which ``rate`` is."""
        return self.at(images).rate / self.rate


@dataclass
class Still(Phased):
    """No growth: one level of detail, at a constant rate."""

    level: float = 0.0

    def lod(self, images: int) -> float:
        """Always the same."""
        return self.level

    def clock(self, run: Any) -> int:
        """Nothing depends on it."""
        return 0

    def __call__(self, images: int) -> float:
        """Always 1."""
        return 1.0


def renews(before: float, now: float) -> bool:
    """Whether optimisers begin anew between two levels of detail: where a fade starts or ends."""
    return math.floor(before) != math.floor(now) or math.ceil(before) != math.ceil(now)
