"""When growing networks grow: a pure function of the images seen (Karras et al. 2018, appendix A; 2019, appendix C).

References: tkarras/progressive_growing_of_gans @ 2504c3f and NVlabs/stylegan @ 1e0d5c7 (``training_schedule``).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gan_zoo.errors import UserError
from gan_zoo.training.lightning_bridge import world_size
from gan_zoo.training.phases import Phased


class Stage(NamedTuple):
    """What holds at some time: level of detail, side in pixels, images of a batch on all devices, learning rate."""

    lod: float
    resolution: int
    batch: int
    rate: float


@dataclass
class Growth(Phased):
    """Phases at one size, each followed by a fade to twice that size, up to the full one.

    Args:
        resolution: full size.
        start: first size.
        train_kimg, fade_kimg: thousands of images at a size, and of a fade.
        batch: images of a batch on all devices; ``batches`` says it for single sizes.
        rate: learning rate; ``rates`` says it for single sizes.
        batches_by_devices, rates_by_devices: the same by number of devices, for sizes that the former do not name; a
            number in between takes the next smaller one's.
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
    batches_by_devices: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    rates_by_devices: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    most_per_device: Mapping[int, int] = field(default_factory=dict)
    every: int = 4
    total_kimg: float | None = None

    def __post_init__(self) -> None:
        self.batches, self.rates = _by_size(self.batches, int), _by_size(self.rates, float)
        self.most_per_device = _by_size(self.most_per_device, int)
        self.batches_by_devices = {int(n): _by_size(table, int) for n, table in self.batches_by_devices.items()}
        self.rates_by_devices = {int(n): _by_size(table, float) for n, table in self.rates_by_devices.items()}
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
        batch = {**_of(self.batches_by_devices, devices), **self.batches}.get(resolution, self.batch)
        rate = {**_of(self.rates_by_devices, devices), **self.rates}.get(resolution, self.rate)
        batch -= batch % devices
        if resolution in self.most_per_device:
            batch = min(batch, self.most_per_device[resolution] * devices)
        return Stage(lod, resolution, batch, rate)

    def stages(self, devices: int = 1) -> list[Stage]:
        """What holds when each size begins to train, the first one first."""
        steps = round(math.log2(self.resolution) - math.floor(math.log2(self.start)))
        phase = 1000 * (self.train_kimg + self.fade_kimg)
        return [self.at(math.ceil(step * phase), devices) for step in range(steps + 1)]

    def clock(self, run: Any) -> int:
        """The images seen when the clock was last looked at: every few iterations, at whose batch it cannot change."""
        return int(run.images_seen - run.global_step % self.every * run.images_of_iteration)

    def __call__(self, images: int) -> float:
        """The rate on one device over the initial one, which ``rate`` is."""
        return self.at(images).rate / self.rate

    def rate_of(self, run: Any) -> float:
        """The same on as many devices as a run has."""
        return self.at(self.clock(run), world_size(run)).rate / self.rate


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


def _by_size(table: Mapping[Any, Any], kind: Callable[[Any], Any]) -> dict[int, Any]:
    """A table as it is used: configurations' keys are text, and a size that they leave null is not in it."""
    return {int(size): kind(value) for size, value in table.items() if value is not None}


def _of(tables: Mapping[int, Mapping[int, Any]], devices: int) -> Mapping[int, Any]:
    """The table for a number of devices: that of the largest listed number up to it, else of the smallest one."""
    listed = [number for number in tables if number <= devices] or [min(tables, default=0)]
    return tables.get(max(listed), {})
