"""What needs no training: honest rivals of a model on a world's test scenes."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_zoo.data.worlds.truth import Truth
from gan_zoo.metrics.baselines import MeanPerLabel, PCAGaussian, colour_ids, nearest
from gan_zoo.training.config import build

if TYPE_CHECKING:
    from gan_zoo.cli.proof.judges import Scenes

KNOWN = 500  # training scenes that baselines know
TYPICAL = 100  # of them whose pictures make a median


def paired(scenes: "Scenes", data: Any) -> dict[str, Tensor]:
    """Predictions (N, C, H, W) by name, of the scenes' inputs."""
    images = data.images("train", augment=False)
    known = [images[position] for position in range(min(KNOWN, len(images)))]
    name, target = ("label", "image") if "label" in known[0] else ("a", "b")
    inputs, answers = (torch.stack([sample[part] for sample in known]) for part in (name, target))
    asked, means = scenes.batch[name], MeanPerLabel()
    classes = {"label": lambda maps: maps[:, 0], "a": colour_ids}[name]
    means.update(classes(inputs), answers)
    found = {
        "mean colour per label": means(classes(asked)),
        "nearest neighbour": answers[nearest(asked, inputs)],
        "untrained network": scenes.translated("ab", build(scenes.model.description()).eval()),
    }
    return found | ({} if name == "label" else {"identity": asked})


def typical(scenes: "Scenes", known: Truth, side: int) -> float:
    """L1 of the test scenes' true pictures in each style from the median picture of that style, which sees no input.

    ``known``: the truth of training scenes. Pictures have ``side`` x ``side`` pixels.
    """

    def drawn(truth: Truth, count: int) -> npt.NDArray[np.float32]:  # scenes x styles x 3 x side x side
        positions = range(min(count, len(truth)))
        return np.stack([truth.renderings("ab", position, side) for position in positions])

    medians = np.median(drawn(known, TYPICAL), axis=0)
    return float(np.abs(drawn(scenes.truth, len(scenes.positions)) - medians).mean())


def pictures(data: Any, split: str, name: str, count: int) -> Tensor:
    """The first pictures of a split, (N, C, S, S)."""
    images = data.images(split, augment=False)
    return torch.stack([images[position][name] for position in range(min(count, len(images)))])


def gaussian(known: Tensor, count: int) -> Tensor:
    """Samples of the Gaussian of the principal components of pictures (N, C, S, S): (count, C, S, S) in [-1, 1]."""
    return PCAGaussian.fit(known).sample(count, torch.Generator().manual_seed(0))
