"""What pictures of nobody in particular show, read by a fitted plane for each attribute: no network, and no scene."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from gan_zoo.data.worlds.world import World
from gan_zoo.errors import UserError

GRID = 16  # pixels: what is read are means over a grid of this side
RIDGE = 0.03  # of the mean square of the features


@dataclass(frozen=True)
class Reading:
    """``logits(pictures)`` (A, N): above 0 where a picture has the attribute, in the order of ``names``.

    They are least squares' estimates of 1 (it is there) and -1 (it is not).
    """

    names: Sequence[str]
    plane: Tensor
    mean: Tensor
    offset: Tensor

    def logits(self, pictures: Tensor) -> Tensor:
        """Of pictures (N, 3, H, W) in [-1, 1], of any size."""
        found: Tensor = (_features(pictures) - self.mean.to(pictures.device)) @ self.plane.to(pictures.device)
        return (found + self.offset.to(pictures.device)).T


def fitted(world: World, side: int, part: str = "image", count: int = 2048) -> Reading:
    """Fitted to the first scenes of training, drawn at ``side`` px. Raises ``UserError`` where there is nothing to
    read."""
    scenes = [world.scene("train", number) for number in range(count)]
    known = [world.labels(scene) for scene in scenes]
    if not known[0]:
        raise UserError(f"{world.name} has no attributes that are there or not")
    pictures = torch.from_numpy(np.stack([world.pixels(part, scene, side) for scene in scenes]))
    features = _features(pictures)
    mean = features.mean(dim=0)
    features = features - mean
    signs = 2 * torch.tensor([list(labels.values()) for labels in known], dtype=torch.float64) - 1
    offset = signs.mean(dim=0)
    gram = features.T @ features
    gram += RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    return Reading(list(known[0]), torch.linalg.solve(gram, features.T @ (signs - offset)), mean, offset)


def _features(pictures: Tensor) -> Tensor:
    return adaptive_avg_pool2d(pictures.detach().float(), GRID).flatten(1).double()
