"""Translations against the true ones, where the data know them."""

import torch
from torch import Tensor

from gan_zoo.evaluation import ask
from gan_zoo.evaluation.chunks import chunks, derived
from gan_zoo.evaluation.job import Job
from gan_zoo.evaluation.rows import Rows
from gan_zoo.metrics.multimodal import stacked
from gan_zoo.metrics.protocol import Unmeasurable, finite
from gan_zoo.metrics.whole import KnowsTruth, Truth

STYLES = 12  # translations of an input by models that draw styles


def truths(job: Job) -> None:
    """Every direction that has true translations. Collective."""
    for name, measure in job.of(Truth).items():
        known: KnowsTruth | None = job.data.truth(job.split)
        places = [place for place in ask.places(job.model) if known is not None and place in known.ways]
        with job.trying(name):
            if not places:
                raise Unmeasurable(
                    f"data={job.data.name} knows no true translations in {', '.join(job.model.directions)}"
                )
        for place in places:
            assert known is not None
            _of(job, name, measure, known, place)


def _of(job: Job, name: str, measure: Truth, known: KnowsTruth, place: str) -> None:
    images, rows = job.data.images(job.split, augment=False), Rows()
    there = ask.counts(images)
    outputs = measure.outputs or (STYLES if hasattr(job.model, "style_dim") else 1)
    for positions, batch in chunks(images, job.limited(there[ask.domain(there, place[0])]), job.share, job.device):
        made = stacked([_translated(job, batch, place, positions[0], number) for number in range(outputs)])
        found = known.measures({place: made.cpu()}, positions)
        rows.add(positions, {key.rpartition("/")[0]: values for key, values in found.items()})
    gathered = rows.gathered()
    if job.first and gathered:
        about = {"images": rows_of(gathered), "outputs": outputs, "format": "float32 in [-1, 1]"}
        with job.trying(name):
            job.note(name, place, measure.found(gathered), about)


def _translated(job: Job, batch: dict[str, Tensor], place: str, first: int, number: int) -> Tensor:
    torch.manual_seed(derived(job.settings.seed, "truth", place, first, number))
    return finite(ask.translated(job.model, batch, place), f"translations ({place})").clamp(-1, 1)


def rows_of(gathered: dict[str, Tensor]) -> int:
    """How many."""
    return len(next(iter(gathered.values())))
