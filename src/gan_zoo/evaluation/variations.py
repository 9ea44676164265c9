"""Several translations of the same inputs, each with random numbers of its own."""

import torch

from gan_zoo.evaluation import ask
from gan_zoo.evaluation.chunks import chunks, derived
from gan_zoo.evaluation.job import Job
from gan_zoo.evaluation.rows import Rows
from gan_zoo.metrics.multimodal import stacked
from gan_zoo.metrics.protocol import OfVariations, finite


def variations(job: Job) -> None:
    """Every measure's numbers of every direction. Collective.

    The k-th translation of a chunk draws from a seed of its own: what a model draws by itself (styles, dropout, noise)
    differs, and nothing else does.
    """
    images = job.data.images(job.split, augment=False)
    found = ask.counts(images)
    for place in ask.places(job.model):
        source = ask.domain(found, place[0])
        for name, measure in job.of(OfVariations, place).items():
            rows = Rows()
            for positions, batch in chunks(images, min(measure.inputs, found[source]), job.share, job.device):
                outputs = []
                for number in range(measure.outputs):
                    torch.manual_seed(derived(job.settings.seed, place, positions[0], number))
                    fake = finite(ask.translated(job.model, batch, place), f"translations ({place})")
                    outputs.append(ask.shown(job.data, f"fake_{place[1]}", fake, batch))
                with job.trying(name):
                    rows.add(positions, {"": finite(measure.each(stacked(outputs)).float(), name)})
            gathered = rows.gathered()
            if job.first and gathered:
                about = {"images": len(gathered[""]), "outputs": measure.outputs}
                with job.trying(name):
                    job.note(name, place, measure.found(gathered[""]), about)
