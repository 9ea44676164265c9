"""Batches that grow: their size and the pictures' are pure functions of the images seen before them.

Position p of the stream is the p-th picture since the start of training, whatever the sizes were; which picture stands
there, and whether it is mirrored, depends on the seed and p alone.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeGuard

import numpy as np
import torch
from torch.utils.data import Dataset, SequentialSampler
from torch.utils.data.distributed import DistributedSampler

from gan_zoo.data.images import with_channels
from gan_zoo.data.levels import Pixels, at_side, prepared
from gan_zoo.data.loader import Batch, EvalLoader, Failure
from gan_zoo.data.sampler import rng_at
from gan_zoo.data.samples import Images
from gan_zoo.errors import UserError


class Stage(Protocol):
    """What holds at some time: level of detail, side in pixels, images of a batch on all devices."""

    @property
    def lod(self) -> float: ...  # noqa: D102

    @property
    def resolution(self) -> int: ...  # noqa: D102

    @property
    def batch(self) -> int: ...  # noqa: D102


class Grows(Protocol):
    """A schedule of growth: ``at`` is looked at every so many iterations; ``total_kimg``: thousands of images of a
    whole training, if there is such a number."""

    resolution: int
    every: int
    total_kimg: float | None

    def at(self, images: int, devices: int = 1) -> Stage:
        """What holds after so many images."""


def grows(schedule: Any) -> TypeGuard[Grows]:
    """Whether it is a schedule of growth."""
    return all(hasattr(schedule, name) for name in ("at", "every", "resolution", "total_kimg"))


class Part(NamedTuple):
    """One rank's part of a batch: ``size`` positions from ``first`` on, at a level of detail and its side in px."""

    first: int
    size: int
    lod: float
    side: int


class GrowingSampler(DistributedSampler[int], SequentialSampler):
    """The parts that one rank takes, from where training stands.

    ``stands`` is asked when iterating begins: the images seen when the clock was last looked at, and the iterations
    since. ``whole``: the one epoch ends after the schedule's ``total_kimg``; else there is no end.

    It is a ``DistributedSampler`` and a ``SequentialSampler`` so that Lightning does not replace it by its own.
    """

    def __init__(
        self,
        schedule: Grows,
        stands: Callable[[], tuple[int, int]],
        num_replicas: int = 1,
        rank: int = 0,
        *,
        whole: bool = False,
    ) -> None:
        DistributedSampler.__init__(self, range(1), num_replicas=num_replicas, rank=rank, shuffle=False)  # type: ignore[arg-type]
        self.data_source = range(1)
        self.schedule, self.stands = schedule, stands
        self.end = 1000 * schedule.total_kimg if whole and schedule.total_kimg is not None else None
        self._length: int | None = None

    def __iter__(self) -> Iterator[Part]:  # type: ignore[override]  # each is one index of the data set
        images, done = self.stands()
        while self.end is None or images < self.end:
            stage = self.stage(images)
            share = stage.batch // self.num_replicas
            for number in range(done, self.schedule.every):
                first = images + number * stage.batch + self.rank * share
                yield Part(first, share, stage.lod, stage.resolution)
            images, done = images + self.schedule.every * stage.batch, 0

    def __len__(self) -> int:
        """Batches of the whole training. Raises ``TypeError`` where it has no end: Lightning's sign of that."""
        if self.end is None:
            raise TypeError("training has no end of its own")
        if self._length is None:
            self._length = self._count(self.end)
        return self._length

    def stage(self, images: int) -> Stage:
        """What holds after so many images. Raises ``UserError`` where a batch is smaller than the devices' number."""
        stage = self.schedule.at(images, self.num_replicas)
        if stage.batch < 1:
            raise UserError(
                f"the batch at {stage.resolution} px is smaller than the {self.num_replicas} devices: "
                f"raise model.schedule.batches or take a schedule for more of them"
            )
        return stage

    def _count(self, end: float) -> int:
        images, iterations = 0, 0
        while images < end:
            stage = self.stage(images)
            looks = -(-(end - images) // (self.schedule.every * stage.batch)) if stage.lod == 0 else 1
            images += int(looks) * self.schedule.every * stage.batch  # once grown nothing changes any more
            iterations += int(looks) * self.schedule.every
        return iterations


class Growing(Dataset["Batch | Failure"]):
    """Batches {"image": N C side side} in [-1, 1] of pictures at full size; its indices are ``Part``s.

    Pictures of the present size are kept in memory, each worker's own, up to ``cache_bytes``; the others are made anew.
    """

    def __init__(self, images: Images, cache_bytes: int = 0) -> None:
        self.images, self.cache_bytes = images, cache_bytes
        self.kept: dict[Path, Pixels] = {}
        self.side, self.taken = 0, 0

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, part: Part) -> Batch | Failure:
        """A rank's part of a batch; the first picture that cannot be read takes its place, or gives way to the next."""
        if part.side != self.side:
            self.kept, self.side, self.taken = {}, part.side, 0
        positions = range(part.first, part.first + part.size)
        found = [self._picture(position) for position in positions]
        pixels: list[Pixels] = []
        for one in found:
            if isinstance(one, Failure):
                return one
            pixels.append(one)
        return {"image": prepared(torch.from_numpy(np.stack(pixels)), list(map(self._mirrored, positions)), part.lod)}

    def _mirrored(self, position: int) -> bool:
        shot = self.images.shot
        drawn = shot.mode.draw(rng_at(shot.seed, "image", position), (self.side, self.side))
        return shot.augment and shot.flip and drawn.flip

    def _picture(self, position: int) -> Pixels | Failure:
        failure: Failure | None = None
        for shift in range(self.images.tries):
            try:
                return self._level(position, shift)
            except UserError as error:
                failure = failure or Failure(str(error))
        assert failure is not None
        return failure

    def _level(self, position: int, shift: int) -> Pixels:
        domain = self.images.domains["image"]
        source = domain.source(position, shift)
        if source.path in self.kept:
            return self.kept[source.path]
        picture = self.images.album(source)
        try:
            pixels = at_side(self.images.shot.mode.apply(with_channels(picture, domain.channels)), self.side)
        except UserError as error:
            raise UserError(f"{source.path}: {error}") from None
        if self.taken + pixels.nbytes <= self.cache_bytes:
            self.kept[source.path] = pixels
            self.taken += pixels.nbytes
        return pixels


class GrowingLoader(EvalLoader):
    """The training loader. Its position is the model's own count of images, which its sampler asks for."""

    def state_dict(self) -> dict[str, int]:
        """Nothing; but Lightning takes a loader without a state for one that cannot go on."""
        return {}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Nothing is restored."""


def whole(batch: Batch | Failure) -> Batch | Failure:
    """A batch as it comes: it is made of its samples already."""
    return batch
