"""A split in chunks of fixed positions, dealt to ranks: every sample once, the same chunks on any number of ranks."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from gan_zoo.data.loader import Failure
from gan_zoo.errors import UserError

Batch = dict[str, Tensor]
Chunk = tuple[list[int], Batch]


@dataclass(frozen=True)
class Share:
    """What of all chunks is this rank's, and how it is read."""

    size: int = 16
    world: int = 1
    rank: int = 0
    workers: int | None = None

    def groups(self, count: int) -> list[list[int]]:
        """The positions of this rank's chunks, of ``count`` in all."""
        starts = range(self.rank * self.size, count, self.world * self.size)
        return [list(range(start, min(start + self.size, count))) for start in starts]

    def processes(self) -> int:
        """Reading processes: at most 4, and one core is left for the model."""
        if self.workers is not None:
            return self.workers
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(0, min(4, cores // self.world - 1))


class Chunks(Dataset[list[Chunk]]):
    """Groups of samples, stacked; samples of unlike sizes become chunks of their own."""

    def __init__(self, images: Any, groups: Sequence[Sequence[int]]) -> None:
        self.images, self.groups = images, groups

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, number: int) -> list[Chunk] | Failure:  # type: ignore[override]  # errors travel as values
        """One group."""
        alike: dict[Any, list[tuple[int, Batch]]] = {}
        for position in self.groups[number]:
            sample = self.images[position]
            if isinstance(sample, Failure):
                return sample
            shapes = tuple(sorted((name, tuple(torch.as_tensor(value).shape)) for name, value in sample.items()))
            alike.setdefault(shapes, []).append((position, sample))
        return [([p for p, _ in some], default_collate([s for _, s in some])) for some in alike.values()]


def chunks(images: Any, count: int, share: Share, device: torch.device) -> Iterator[Chunk]:
    """This rank's samples of the first ``count`` positions, in order, on a device.

    Raises:
        UserError: a sample that cannot be read.
    """
    found = Chunks(images, share.groups(count))
    on_gpu = device.type == "cuda"
    loader = DataLoader(found, batch_size=None, num_workers=share.processes(), collate_fn=_as_is, pin_memory=on_gpu)
    for group in loader:
        if isinstance(group, Failure):
            raise UserError(group.message)
        for positions, batch in group:
            yield positions, {k: v.to(device, non_blocking=True) for k, v in batch.items() if isinstance(v, Tensor)}


def _as_is(group: Any) -> Any:
    return group


def derived(*parts: object) -> int:
    """A seed that is a function of these parts."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
