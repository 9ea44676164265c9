"""One evaluation at work: what is measured, of whom, and what became of it."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist

from gan_zoo.evaluation import ask
from gan_zoo.evaluation.cache import Cache, folder
from gan_zoo.evaluation.chunks import Share
from gan_zoo.evaluation.rows import collect, several, shared
from gan_zoo.evaluation.settings import Settings
from gan_zoo.layers.modes import full_precision
from gan_zoo.metrics.protocol import Found, Judge, Measure, Unmeasurable

MOST_SAMPLES = 10_000


@dataclass
class Result:
    """Numbers by key, with all that each depends on; what could not be measured and why; what to be warned of."""

    values: dict[str, float] = field(default_factory=dict)
    protocols: dict[str, dict[str, Any]] = field(default_factory=dict)
    headlines: dict[str, float] = field(default_factory=dict)  # by the measure's name: its first number, over places
    skipped: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass
class Job:
    """What all suppliers share. ``device``: where the model is; ``split``: of the data."""

    measures: dict[str, Measure]
    model: Any
    data: Any
    settings: Settings
    split: str
    device: torch.device
    result: Result = field(default_factory=Result)
    heads: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.precision = _precision(self.device)

    @property
    def share(self) -> Share:
        """This rank's."""
        world, rank = (dist.get_world_size(), dist.get_rank()) if several() else (1, 0)
        return Share(self.settings.batch_size, world, rank, self.settings.num_workers)

    @property
    def first(self) -> bool:
        """Whether this rank computes."""
        return self.share.rank == 0

    @property
    def cache(self) -> Cache:
        """Of what judges saw."""
        kept = self.settings.cache
        return Cache(None if kept is False else folder(kept if isinstance(kept, str) else None))

    def of(self, kind: type[Any], place: str | None = None) -> dict[str, Any]:
        """The measures of a kind that have not been given up; with ``place``, those that mean something there."""
        alive = {name: one for name, one in self.measures.items() if name not in self.result.skipped}
        here = {name: one for name, one in alive.items() if place is None or one.is_of(place)}
        return {name: one for name, one in here.items() if isinstance(one, kind)}

    def limited(self, count: int) -> int:
        """A number of pictures, held to the settings' most."""
        return count if self.settings.samples is None else min(count, self.settings.samples)

    @contextmanager
    def trying(self, name: str) -> Iterator[None]:
        """Give up this measure, but no other, where it turns out that it cannot be had. Outside autocast, in which
        pictures are made: SSIM of the same pictures is 5 % higher in bfloat16."""
        try:
            with full_precision(self.device):
                yield
        except Unmeasurable as error:
            self.result.skipped.setdefault(name, str(error))

    def agree(self) -> None:
        """Give up on all ranks what one has given up. Collective."""
        everyone = collect(self.result.skipped)
        mine = {name: line for one in reversed(everyone or []) for name, line in one.items()}
        self.result.skipped = shared(mine)

    def note(self, name: str, place: str, found: Found, about: Mapping[str, Any]) -> None:
        """Keep what was found at a place (a direction, ``samples``, or none).

        Raises:
            Unmeasurable: a number is NaN or infinite.
        """
        if bad := [key for key, value in found.values.items() if not math.isfinite(value)]:
            raise Unmeasurable(f"{bad[0]} would be {found.values[bad[0]]}: look at the pictures")
        measure, facts = self.measures[name], dict(found.facts)
        if line := facts.pop("warning", None):
            self.result.warnings.append(f"{line} [{place}]" if place else line)
        common = {"split": self.split, "seed": self.settings.seed, "batch_size": self.settings.batch_size}
        common["precision"] = self.precision
        for number, (key, value) in enumerate(found.values.items()):
            full = f"{key}/{place}" if place else key
            self.result.values[full] = value
            self.result.protocols[full] = {**measure.protocol(), **common, "place": place, **about, **facts}
            if number == 0:
                self.heads.setdefault(name, []).append(value)
                self.result.headlines[name] = sum(self.heads[name]) / len(self.heads[name])


def _precision(device: torch.device) -> str:
    """In which the model's passes are."""
    if torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type):
        return f"autocast to {torch.get_autocast_dtype(device.type)}".replace("torch.", "")
    return "float32"


def prepare(job: Job, local_first: bool, barrier: Any) -> None:
    """Have every judge at hand: one process of each machine downloads what is missing, then all read it."""
    for turn in (True, False):
        if turn == local_first:
            for name, measure in job.measures.items():
                with job.trying(name):
                    judge: Judge | None = measure.needed()
                    if judge is not None:
                        judge.prepare(job.device)
        barrier()
    job.agree()


def split_of(data: Any, model: Any, settings: Settings, training: bool) -> str:
    """The split that is measured on."""
    if settings.split is not None:
        return settings.split
    if not ask.translates(model):
        return "train"
    wanted = ("val", "test", "train") if training else ("test",)
    has = getattr(data, "split", None)
    return next((name for name in wanted if has is None or has(name) is not None), wanted[0])
