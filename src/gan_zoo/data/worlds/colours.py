"""Colours in [0, 1], and paints: colours that depend on the place."""

import colorsys
from functools import lru_cache

import numpy as np

from gan_zoo.data.worlds.canvas import Colour, Colours, Paint, everywhere, held
from gan_zoo.data.worlds.shapes import Plane


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour by hue (turns, any number), saturation and value."""
    return colorsys.hsv_to_rgb(hue % 1, saturation, value)


def web(text: str) -> Colour:
    """A colour as web pages write it, "f2c14e"."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


@lru_cache(maxsize=4096)
def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """The first colour with this share of the second."""
    red, green, blue = (a + share * (b - a) for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(maxsize=4096)
def lit(colour: Colour, factor: float) -> Colour:
    """Brighter towards white (above 1), or darker (below 1)."""
    return mixed(colour, (1.0, 1.0, 1.0), factor - 1) if factor > 1 else mixed((0.0, 0.0, 0.0), colour, factor)


def down(top: Colour, bottom: Colour, start: float = 0.0, end: float = 1.0) -> Paint:
    """One colour at height ``start``, another at ``end``, in between a straight change."""
    first, change = everywhere(top), everywhere(bottom) - everywhere(top)

    def paint(x: Plane, y: Plane) -> Colours:
        return np.asarray(first + held((y - start) * (1 / (end - start))) * change)

    return paint


def across(left: Colour, right: Colour, start: float = 0.0, end: float = 1.0) -> Paint:
    """The same from the left to the right."""
    paint = down(left, right, start, end)
    return lambda x, y: paint(y, x)


def slanted(one: Colour, other: Colour, start: tuple[float, float], end: tuple[float, float]) -> Paint:
    """The same from one point towards another."""
    first, change = everywhere(one), everywhere(other) - everywhere(one)
    (x0, y0), (x1, y1) = start, end
    length = (x1 - x0) ** 2 + (y1 - y0) ** 2

    def paint(x: Plane, y: Plane) -> Colours:
        along = held((x - x0) * ((x1 - x0) / length) + (y - y0) * ((y1 - y0) / length))
        return np.asarray(first + along * change)

    return paint


def around(inner: Colour, outer: Colour, x0: float, y0: float, radius: float) -> Paint:
    """One colour at a point, another from ``radius`` on."""
    first, change = everywhere(inner), everywhere(outer) - everywhere(inner)

    def paint(x: Plane, y: Plane) -> Colours:
        away = held(np.sqrt(np.square((x - x0) / radius) + np.square((y - y0) / radius)))
        return np.asarray(first + away * change)

    return paint
