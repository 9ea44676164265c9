"""All measures of one model on one data set, on all ranks."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from gan_zoo.errors import UserError
from gan_zoo.evaluation import ask
from gan_zoo.evaluation.job import Job, Result, prepare, split_of
from gan_zoo.evaluation.latent_spaces import latent_spaces
from gan_zoo.evaluation.offers import completed
from gan_zoo.evaluation.report import notes
from gan_zoo.evaluation.rows import shared
from gan_zoo.evaluation.samples import samples
from gan_zoo.evaluation.settings import Settings
from gan_zoo.evaluation.translations import KINDS, Translations
from gan_zoo.evaluation.truths import truths
from gan_zoo.evaluation.variations import variations
from gan_zoo.metrics.protocol import Measure, OfPairs, OfSpaces, OfVariations
from gan_zoo.metrics.whole import Scores, Truth

Barrier = Callable[[], None]


def evaluate(
    measures: Mapping[str, Measure],
    model: Any,
    data: Any,
    settings: Settings = Settings(),
    device: torch.device | None = None,
    training: bool = False,
    local_first: bool = True,
    barrier: Barrier = lambda: None,
) -> Result:
    """The same result on all ranks; the model is in evaluation mode, on its device, and keeps its random state if the
    caller keeps it. Collective.

    Args:
        measures: by the names that options and messages call them.
        model: a GANModule; running means of weights are used where it has them.
        data: a data module, set up or not.
        settings: how much, on what.
        device: the model's.
        training: whether validation pictures are preferred.
        local_first: whether this rank downloads for its machine; ``barrier`` waits for all ranks.

    Raises:
        UserError: a measure does not fit the model or the data, or none could be had.
    """
    check(measures, model, data)
    place = device or next(iter(model.parameters())).device
    whole, failed = completed(measures, model, data)
    job = Job(whole, model, data, settings, split_of(data, model, settings, training), place)
    job.result.skipped |= failed
    prepare(job, local_first, barrier)
    with torch.no_grad():
        if any(job.of(kind) for kind in KINDS):
            Translations(job).run() if ask.translates(model) else samples(job)
        if job.of(OfVariations):
            variations(job)
        if job.of(Truth):
            truths(job)
        if job.of(OfSpaces):
            latent_spaces(job)
    job.agree()
    result: Result = shared(job.result)
    if measures and not result.values:
        raise UserError("; ".join(notes(result)) or "nothing could be measured")
    return result


def check(measures: Mapping[str, Measure], model: Any, data: Any) -> None:
    """Refuse what can be known to be impossible before anything is done.

    Raises:
        UserError: one line on the first measure that does not fit.
    """
    ask.places(model)
    for name, measure in measures.items():
        if line := _unfit(measure, model, data):
            raise UserError(f"metrics={name}: {line}")


def _unfit(measure: Measure, model: Any, data: Any) -> str:
    """Why a measure is not for this model and data; "" where it is."""
    kind, translates = type(model).__name__, ask.translates(model)
    if isinstance(measure, OfSpaces):
        if translates:
            return f"{kind} translates and has no latent space of pictures: this is for models that sample"
        return ""
    if isinstance(measure, OfPairs | OfVariations | Scores | Truth) and not translates:
        return f"{kind} makes pictures of nothing: this is for translators; take fid, kid, swd or path_length"
    if isinstance(measure, OfPairs) and not ask.paired(data):
        return f"data={_called(data)} has no pairs to compare with: take fid, kid or swd, or paired data"
    if isinstance(measure, Truth) and (not hasattr(data, "truth") or getattr(data, "world", data) is None):
        return f"data={_called(data)} knows no true translations: this is for data=world_…"
    if isinstance(measure, Scores) and measure.prefix and len(model.directions) < 2:
        return f"{kind} translates one way and cannot come back: this is for models of two directions"
    return ""


def _called(data: Any) -> str:
    return str(getattr(data, "name", type(data).__name__))
