"""Squares from the middle."""

import random

import numpy as np
import pytest
from PIL import Image

from gan_zoo.data.transforms import Placement
from gan_zoo.data.transforms_square import CentreSquare, Letterbox


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(1, 255, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", [(20, 30), (30, 20), (16, 16), (5, 9)])
def test_every_picture_becomes_one_square(size: tuple[int, int]) -> None:
    mode = CentreSquare(16, 16)
    assert mode.apply(picture(*size)).size == (16, 16)
    assert mode(picture(*size)).shape == (3, 16, 16)
    mode.check(size)


def test_the_middle_is_cut_and_resized_with_lanczos() -> None:
    image = picture(40, 64)
    expected = image.crop((0, 12, 40, 52)).resize((16, 16), Image.Resampling.LANCZOS)
    assert CentreSquare(16, 16).apply(image).tobytes() == expected.tobytes()
    mirrored = CentreSquare(16, 16).apply(image, Placement(flip=True))
    assert np.array_equal(np.asarray(mirrored), np.asarray(expected)[:, ::-1])


def test_one_draw_decides_on_mirroring() -> None:
    rng, twin = random.Random(3), random.Random(3)
    drawn = [CentreSquare(16, 16).draw(rng, (20, 30)) for _ in range(50)]
    assert drawn == [Placement(flip=twin.random() >= 0.5) for _ in range(50)]


def test_wide_pictures_lie_between_black_rows() -> None:
    boxed = np.asarray(Letterbox(32, 32).apply(Image.new("RGB", (64, 48), (200, 100, 50))))
    assert boxed.shape == (32, 32, 3)
    assert boxed[:4].max() == boxed[-4:].max() == 0
    assert boxed[4, 5].tolist() == boxed[-5, 30].tolist() == [200, 100, 50]
    deep = np.asarray(Letterbox(32, 32).apply(np.full((48, 90, 3), 0.5, dtype=np.float32)))
    assert deep.shape == (32, 32, 3)
    assert deep[0].max() == 0
    assert deep[16].min() > 0.49
