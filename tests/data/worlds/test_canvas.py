"""Painting with soft edges, and maps with hard ones, the same at any side."""

import numpy as np
import pytest

from gan_zoo.data.worlds.canvas import Canvas, Ids, window
from gan_zoo.data.worlds.colours import down
from gan_zoo.data.worlds.shapes import Box, Disc

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def test_a_pixel_is_covered_by_as_much_as_lies_inside() -> None:
    canvas = Canvas(10, BLUE)
    canvas.paint(Box(0.0, 0.0, 0.33, 1.0), RED)
    assert canvas.pixels[0, 5] == pytest.approx([1, 1, 1, 0.3, 0, 0, 0, 0, 0, 0], abs=1e-5)
    assert canvas.pixels[2, 5] == pytest.approx([0, 0, 0, 0.7, 1, 1, 1, 1, 1, 1], abs=1e-5)
    assert (canvas.pixels[1] == 0).all()


@pytest.mark.parametrize("side", [16, 64, 250])
def test_a_disc_keeps_its_area_at_any_side(side: int) -> None:
    canvas = Canvas(side)
    canvas.paint(Disc(0.47, 0.52, 0.31), (1.0, 1.0, 1.0))
    assert canvas.pixels[0].mean() == pytest.approx(np.pi * 0.31**2, rel=0.01)


def test_larger_pictures_are_the_same_but_sharper() -> None:
    canvases = {side: Canvas(side, down(RED, BLUE)) for side in (32, 128)}
    for canvas in canvases.values():
        canvas.paint(Disc(0.4, 0.6, 0.2), down(BLUE, RED), alpha=0.8)
    reduced = canvases[128].pixels.reshape(3, 32, 4, 32, 4).mean(axis=(2, 4))
    assert np.abs(reduced - canvases[32].pixels).max() < 0.12
    assert np.abs(reduced - canvases[32].pixels).mean() < 0.003


def test_soft_edges_fade_out_within_the_window() -> None:
    canvas = Canvas(64)
    canvas.paint(Disc(0.5, 0.5, 0.1), (1.0, 1.0, 1.0), soft=0.2)
    line = canvas.pixels[0, 32]
    assert line[32] > 0.95
    assert (np.diff(line[32:]) <= 1e-6).all()
    assert 0 < np.abs(np.diff(line)).max() < 0.2
    assert line[-1] == 0


def test_what_lies_outside_is_left_alone() -> None:
    canvas = Canvas(8, RED)
    canvas.paint(Disc(3.0, 3.0, 0.5), BLUE)
    assert (canvas.pixels == np.asarray(RED, dtype=np.float32)[:, None, None]).all()
    assert window(8, (2.0, 0.0, 3.0, 1.0)) is None
    assert window(8, (-1.0, 0.5, 0.2, 9.0)) == (slice(3, 8), slice(0, 3))


def test_pictures_are_rounded_to_bytes() -> None:
    picture = Canvas(4, (0.5, 0.1, 1.0)).picture()
    assert (picture.mode, picture.size) == ("RGB", (4, 4))
    assert picture.getpixel((1, 2)) == (128, 26, 255)


def test_ids_have_hard_edges() -> None:
    ids = Ids(10, 7)
    ids.write(Box(0.0, 0.0, 0.3, 0.5), 3)
    ids.write(Disc(5.0, 5.0, 0.1), 9)
    assert ids.numbers[:5, :3].tolist() == [[3] * 3] * 5
    assert np.unique(ids.numbers).tolist() == [3, 7]
