"""Colours and paints."""

import numpy as np
import pytest

from gan_zoo.data.worlds import colours as C

X = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)
Y = X.T
BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def test_names_of_colours() -> None:
    assert C.web("ff8000") == (1.0, 128 / 255, 0.0)
    assert C.hsv(1 / 3 + 2, 1.0, 0.5) == pytest.approx((0.0, 0.5, 0.0))


def test_mixing() -> None:
    assert C.mixed(BLACK, WHITE, 0.25) == (0.25, 0.25, 0.25)
    assert C.lit((0.2, 0.4, 0.6), 0.5) == pytest.approx((0.1, 0.2, 0.3))
    assert C.lit((0.2, 0.4, 0.6), 1.5) == pytest.approx((0.6, 0.7, 0.8))
    assert C.lit((0.2, 0.4, 0.6), 1) == (0.2, 0.4, 0.6)


def test_paints_change_where_they_should() -> None:
    vertical = np.broadcast_to(C.down(BLACK, WHITE, 0.25, 0.75)(X, Y), (3, 3, 3))
    assert vertical[0, :, 0].tolist() == [0, 0.5, 1]
    assert vertical[1, 1].tolist() == [0.5] * 3
    horizontal = np.broadcast_to(C.across(BLACK, WHITE)(X, Y), (3, 3, 3))
    assert horizontal[2, 0].tolist() == [0, 0.5, 1]
    slanted = C.slanted(BLACK, WHITE, (0.0, 0.0), (1.0, 1.0))(X, Y)
    assert slanted[0].diagonal().tolist() == [0, 0.5, 1]
    assert slanted[0, 0, 2] == slanted[0, 2, 0] == 0.5
    middle = C.around(WHITE, BLACK, 0.5, 0.5, 0.5)(X, Y)
    assert middle[0, 1].tolist() == [0, 1, 0]
    assert middle[0, 0, 0] == 0
