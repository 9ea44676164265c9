"""Latent spaces, sample by sample."""

import torch

from gan_zoo.evaluation import ask
from gan_zoo.evaluation.chunks import derived
from gan_zoo.evaluation.job import Job
from gan_zoo.evaluation.judges import installed
from gan_zoo.evaluation.rows import Rows
from gan_zoo.evaluation.samples import first_seed
from gan_zoo.metrics.latent import Separability
from gan_zoo.metrics.protocol import OfSpaces, finite


def latent_spaces(job: Job) -> None:
    """Every measure's numbers of every space of the model. Collective."""
    for name in job.of(Separability):
        with job.trying(name):
            installed("sklearn", name)
    for space in ask.spaces(job.model):
        for name, measure in job.of(OfSpaces).items():
            rows, count = Rows(), job.limited(measure.samples)
            for numbers in job.share.groups(count):
                torch.manual_seed(derived(job.settings.seed, space.name, name, numbers[0]))
                with job.trying(name):
                    seen = measure.each(space, numbers, first_seed(job))
                    where = f"{name} ({space.name})"
                    rows.add(numbers, {key: finite(part.float(), where) for key, part in seen.items()})
            gathered = rows.gathered()
            if job.first and gathered:
                with job.trying(name):
                    about = {"images": count, "truncation": "none", "noise": "one for each batch"}
                    job.note(name, "", measure.found(space.name, gathered), about)
