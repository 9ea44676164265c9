"""The shorter side (pixels are a golden case)."""

import random

import numpy as np
import pytest
from PIL import Image

from gan_zoo.data.transforms_shorter import ScaleShorter, ScaleShorterAndCrop
from gan_zoo.errors import UserError


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("size", "expected"), [((75, 50), (48, 32)), ((50, 75), (32, 48)), ((40, 40), (32, 32)), ((33, 50), (32, 48))]
)
def test_the_aspect_is_kept_and_the_longer_side_rounded_down(size: tuple[int, int], expected: tuple[int, int]) -> None:
    mode = ScaleShorter(32, 32)
    assert mode.target(*size) == expected
    assert mode.apply(picture(*size)).size == expected


def test_crops_lie_anywhere_in_training_and_pictures_are_whole_in_tests() -> None:
    mode, rng = ScaleShorterAndCrop(32, 24), random.Random(0)
    places = [mode.draw(rng, (75, 50)) for _ in range(400)]
    assert {place.x for place in places} == set(range(48 - 24 + 1))
    assert {place.y for place in places} == set(range(32 - 24 + 1))
    assert mode(picture(75, 50), places[0]).shape == (3, 24, 24)
    assert mode.at_test_time()(picture(75, 50)).shape == (3, 32, 48)


def test_a_crop_larger_than_the_shorter_side_is_refused() -> None:
    with pytest.raises(UserError, match="smaller than the crop"):
        ScaleShorterAndCrop(32, 40).check((75, 50))
