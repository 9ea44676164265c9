"""Pictures that are made of nothing, against real ones of the same size."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.data.transforms import to_uint8
from gan_zoo.errors import UserError
from gan_zoo.evaluation import ask
from gan_zoo.evaluation.chunks import chunks, derived
from gan_zoo.evaluation.job import MOST_SAMPLES, Job
from gan_zoo.evaluation.sets import Gathering
from gan_zoo.metrics.protocol import OfSets, finite

REAL = "image"


def samples(job: Job) -> None:
    """Make as many as are asked for, look at as many real ones, and find all numbers. Collective."""
    images = job.data.images(job.split, augment=False)
    there = ask.counts(images)[REAL]
    made = min(MOST_SAMPLES, there) if job.settings.samples is None else job.settings.samples
    count = min(made, there)
    sets = Gathering(job, {ask.SAMPLES: (REAL, "")}, {REAL: count})
    size = 0
    for group in job.share.groups(made):
        pictures = _made(job, group)
        size = pictures.shape[-1]
        sets.see_made(ask.SAMPLES, group, pictures)
    size = size or _made(job, [0]).shape[-1]
    sets.recall(f"{size}x{size}")
    if sets.open:
        for positions, batch in chunks(images, count, job.share, job.device):
            seen = ask.shown(job.data, REAL, smaller(batch[REAL].float(), size), batch)
            sets.see_real(REAL, positions, seen)
    job.agree()
    sets.finish({"noise": "fresh", "truncation": "none", "format": "uint8"})


def _made(job: Job, numbers: list[int]) -> Tensor:
    torch.manual_seed(derived(job.settings.seed, ask.SAMPLES, numbers[0]))
    pictures = finite(ask.made(job.model, numbers, first_seed(job)), "samples")
    shown = to_uint8(pictures)
    return shown.expand(-1, 3, -1, -1) if shown.shape[1] == 1 else shown[:, :3]


def first_seed(job: Job) -> int:
    """Of the latents: far from those of other seeds, and as NumPy takes them."""
    return job.settings.seed * 1_000_000 % 2**31


def smaller(pictures: Tensor, side: int) -> Tensor:
    """Real pictures at the size that a growing model has reached: means of squares of pixels.

    Raises:
        UserError: their side is no multiple of that.
    """
    factor, rest = divmod(pictures.shape[-1], side)
    if rest or not factor:
        raise UserError(f"made pictures have {side} px, and real ones {pictures.shape[-1]}: set data.resolution={side}")
    return F.avg_pool2d(pictures, factor) if factor > 1 else pictures


KINDS = (OfSets,)
