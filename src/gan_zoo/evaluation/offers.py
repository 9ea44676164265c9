"""Judges that data bring themselves, where the user has named none: they know what their pictures show."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from gan_zoo.evaluation import ask
from gan_zoo.evaluation.judges import Own, installed
from gan_zoo.metrics.latent import Separability
from gan_zoo.metrics.multimodal import CIS
from gan_zoo.metrics.protocol import Measure, Unmeasurable

GRID = 8  # pixels: modes are told by means over a grid of this side
FITTED = 1024  # training pictures that a classifier of modes is fitted to, at most


class Reading(nn.Module):
    """Attributes as the data's own reading tells them: (N, 3, H, W) in [-1, 1] -> logits (N, A)."""

    def __init__(self, reading: Any) -> None:
        super().__init__()
        self.reading = reading
        self.register_buffer("plane", reading.plane)  # so that it counts among the weights

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.reading.logits(pictures).T
        return logits


class Modes(nn.Module):
    """Modes as a logistic regression on a grid of mean colours tells them: (N, 3, H, W) -> logits (N, modes).

    ``accuracy``: on pictures that it was not fitted to.
    """

    def __init__(self, weight: Tensor, bias: Tensor, accuracy: float) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.weight: Tensor
        self.bias: Tensor
        self.accuracy = accuracy

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits."""
        return nn.functional.linear(grid(pictures), self.weight, self.bias)


def grid(pictures: Tensor) -> Tensor:
    """(N, 3 * 64) mean colours."""
    return adaptive_avg_pool2d(pictures.float(), GRID).flatten(1)


def completed(measures: Mapping[str, Measure], model: Any, data: Any) -> tuple[dict[str, Measure], dict[str, str]]:
    """The measures, those without a judge with the data's own, if the data have one; and why some cannot have one."""
    found, failed = dict(measures), dict[str, str]()
    for name, one in measures.items():
        try:
            found[name] = _completed(one, model, data)
        except Unmeasurable as error:
            failed[name] = str(error)
    return found, failed


def _completed(measure: Measure, model: Any, data: Any) -> Measure:
    if measure.judge is not None or not isinstance(measure, CIS | Separability):
        return measure
    known = data.truth("train") if hasattr(data, "truth") else None
    if known is None:
        return measure
    if isinstance(measure, Separability):
        return replace(measure, judge=Own(Reading(known.reading(data.resolution)), name="reading"))
    modes = fitted(data, known, model.directions[0])
    return replace(measure, judge=Own(modes, name="modes"), places=model.directions[:1])


def fitted(data: Any, known: Any, way: str) -> Modes:
    """A classifier of the target's modes, fitted to training pictures.

    Raises:
        Unmeasurable: there is one mode only, or scikit-learn is missing.
    """
    installed("sklearn", "a classifier of modes")
    from sklearn.linear_model import LogisticRegression

    (features, modes), (others, truth) = (_labelled(data, split, way) for split in ("train", "val"))
    if len(set(modes.tolist())) < 2:
        raise Unmeasurable(f"the pictures of data={data.name} have one mode only: nothing to classify")
    found = LogisticRegression(max_iter=1000).fit(features.numpy(), modes.numpy())
    weight, bias = (torch.from_numpy(np.asarray(part)).float() for part in (found.coef_, found.intercept_))
    if len(weight) == 1:  # two modes: one logit, of the second
        weight, bias = torch.cat([-weight, weight]) / 2, torch.cat([-bias, bias]) / 2
    made = Modes(weight, bias, 0.0)
    made.accuracy = float((nn.functional.linear(others, weight, bias).argmax(dim=1) == truth).double().mean())
    return made


def _labelled(data: Any, split: str, way: str) -> tuple[Tensor, Tensor]:
    """Grids of the target's pictures, and their modes."""
    images, known = data.images(split, augment=False), data.truth(split)
    there = ask.counts(images)
    name = ask.domain(there, way[1])
    positions = range(min(FITTED, there[name]))
    pictures = torch.stack([images[position][name] for position in positions])
    return grid(pictures), known.styles(way, positions)
