"""Attributes read from pictures without knowing the scene."""

import numpy as np
import pytest
import torch

from gan_zoo.data.worlds import Faces, Textures
from gan_zoo.data.worlds.readings import fitted
from gan_zoo.data.worlds.truth import Truth
from gan_zoo.errors import UserError

WORLD = Faces()


def test_unseen_faces_are_read_right() -> None:
    numbers = range(150)
    split = WORLD.layout({"a": "image"}, 64, apart=False).splits["test"]
    truth = Truth(WORLD, split.a)
    reading = fitted(WORLD, 64, count=1000)
    images = torch.from_numpy(np.stack([WORLD.pixels("image", WORLD.scene("test", n), 64) for n in numbers]))
    known = truth.labels(numbers)
    logits = reading.logits(images)
    assert logits.shape == (6, 150)
    assert list(known) == list(reading.names)
    for row, (name, labels) in zip(logits, known.items(), strict=True):
        right = ((row > 0) == labels).double().mean()
        assert right > 0.96, name
        shuffled = ((row > 0) == labels.roll(1)).double().mean()
        assert shuffled < 0.7, name
    small = torch.nn.functional.avg_pool2d(images, 2)
    assert torch.allclose(reading.logits(small), logits, atol=1e-4)


def test_worlds_without_attributes() -> None:
    with pytest.raises(UserError, match="world_textures has no attributes that are there or not"):
        fitted(Textures(), 16, count=2)
