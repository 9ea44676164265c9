"""Order as a pure function: which image stands at which position of an endless stream, and which positions a rank
takes.

Position p of the stream is the p-th sample since the start of training. Everything random about it (which images, which
crop, which mirroring) depends on the seed and p alone: not on workers, ranks, batch sizes or on how often a run was
resumed.
"""

import random
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from torch.utils.data import SequentialSampler
from torch.utils.data.distributed import DistributedSampler

from gan_zoo.errors import UserError


@lru_cache(maxsize=8)
def _permutation(seed: int, tag: str, size: int, number: int) -> npt.NDArray[np.int64]:
    entropy = np.random.SeedSequence([seed, number, *tag.encode()])
    return np.random.RandomState(np.random.MT19937(entropy)).permutation(size)  # NumPy promises this stream for good


class Shuffled:
    """A collection of ``size`` images read pass after pass, each pass in a new order drawn from (seed, tag, pass)."""

    def __init__(self, size: int, seed: int, tag: str) -> None:
        self.size, self.seed, self.tag = size, seed, tag

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, position: int) -> int:
        """The index of the image at this position of the stream."""
        number, place = divmod(position, self.size)
        return int(_permutation(self.seed, self.tag, self.size, number)[place])


class InOrder:
    """A collection of ``size`` images read in order, again and again (the reference's test time)."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, position: int) -> int:
        """The index of the image at this position of the stream."""
        return position % self.size


def rng_at(seed: int, tag: str, position: int) -> random.Random:
    """The generator of one sample's draws. Python seeds from a text by SHA-512, so that neighbours are unrelated."""
    return random.Random(f"{seed}/{tag}/{position}")


class StreamSampler(DistributedSampler[int], SequentialSampler):
    """The positions that one rank takes in one epoch, contiguous inside each global batch, so that ranks share one
    batch.

    Epoch e covers positions e*size .. (e+1)*size - 1. Global batch i holds batch_size * num_replicas of them; rank r
    takes [i*B*W + r*B, +B). What remains for the last batch is filled up to a multiple of the ranks by repeating it
    from its start, and split evenly. So W ranks with batch B see, together, the batches of one process with batch W *
    B.

    It is a ``DistributedSampler`` so that Lightning does not replace it by its own, and a ``SequentialSampler`` (it
    hands out consecutive positions; the shuffling lies in the data set) so that ``overfit_batches`` does not either.

    ``fixed``: positions of epoch 0 in every epoch (validation, ``overfit_batches``). ``parts``: for models that use the
    equal parts of a batch in different ways. Each part of a global batch is dealt to all ranks, so that a part of a
    rank's batch is its share of that part of the global one; what does not fill a global batch is left out.

    Raises ``UserError`` where a rank's batch has no such parts.
    """

    def __init__(
        self,
        size: int,
        batch_size: int = 1,
        num_replicas: int = 1,
        rank: int = 0,
        *,
        fixed: bool = False,
        parts: int = 1,
    ) -> None:
        DistributedSampler.__init__(self, range(size), num_replicas=num_replicas, rank=rank, shuffle=False)  # type: ignore[arg-type]
        self.data_source = range(size)
        self.size, self.batch_size, self.fixed, self.parts = size, batch_size, fixed, parts
        if batch_size % parts:
            fitting = batch_size + parts - batch_size % parts
            raise UserError(
                f"data.batch_size={batch_size} has no {parts} equal parts, which this model uses in different ways: "
                f"set data.batch_size={fitting}"
            )
        self.resumed = (0, 0)
        self.full, rest = divmod(size, batch_size * num_replicas)
        self.last = -(-rest // num_replicas) if parts == 1 else 0
        self.num_samples = self.full * batch_size + self.last
        self.total_size = self.num_samples * num_replicas

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        epoch, batch = self.resumed
        skipped = batch * self.batch_size if epoch == self.epoch else 0
        return iter(self.positions(self.epoch)[skipped:])

    def positions(self, epoch: int) -> list[int]:
        """This rank's positions in one epoch, in order."""
        start = 0 if self.fixed else epoch * self.size
        share, parts = self.batch_size // self.parts, self.full * self.parts
        taken: list[int] = []
        for part in range(parts):
            first = start + (part * self.num_replicas + self.rank) * share
            taken += range(first, first + share)
        rest = range(start + parts * share * self.num_replicas, start + self.size)
        return taken + [rest[(self.rank * self.last + j) % len(rest)] for j in range(self.last)]

    def resume(self, epoch: int, batch: int) -> None:
        """Leave out the first ``batch`` batches of that epoch, whenever it is iterated."""
        self.resumed = (epoch, batch)
        self.set_epoch(epoch)
