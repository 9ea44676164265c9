"""A square canvas of any side: shapes are painted with soft edges, one over the other, and read as masks or ids.

Edges are analytic: a pixel is covered by 1/2 minus its centre's distance from the outline in pixels, held to 0 and 1.
So a picture is the same at any side, but for its sharpness, and no larger one has to be made first.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_zoo.data.worlds.shapes import Bounds, Plane, Shape

Colour = tuple[float, float, float]  # red, green, blue in [0, 1]
ZERO, ONE = np.float32(0), np.float32(1)
Colours = npt.NDArray[np.float32]
Paint = Callable[[Plane, Plane], Colours]  # points to colours, 3 x h x w or what broadcasts to it


class Canvas:
    """``pixels``: 3 x side x side float32 in [0, 1]; ``x`` (1 x side) and ``y`` (side x 1): centres of its pixels."""

    def __init__(self, side: int, colour: Colour | Paint = (0.0, 0.0, 0.0)) -> None:
        self.side = side
        centres = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
        self.x, self.y = centres[None, :], centres[:, None]
        self.pixels = np.empty((3, side, side), dtype=np.float32)
        self.pixels[:] = painted(colour, self.x, self.y)

    def paint(self, shape: Shape, colour: Colour | Paint, alpha: float = 1.0, soft: float = 0.0) -> None:
        """Cover what lies under a shape; ``alpha``: how much of it; ``soft``: how wide the edge is, in sides (at least
        a pixel)."""
        place = window(self.side, shape.bounds, soft)
        if place is None:
            return
        x, y = self.x[:, place[1]], self.y[place[0]]
        cover = shape.distance(x, y) * np.float32(-1 / max(1 / self.side, soft))
        cover += np.float32(0.5)
        np.minimum(np.maximum(cover, ZERO, out=cover), ONE, out=cover)
        if soft:
            cover *= cover * (3 - 2 * cover)  # smoothstep: no line where a soft edge ends
        if alpha != 1:
            cover *= np.float32(alpha)
        under = self.pixels[:, place[0], place[1]]
        change = painted(colour, x, y) - under
        change *= cover
        under += change

    def shade(self, shape: Shape, factor: float, soft: float = 0.0) -> None:
        """Darken what lies under a shape to this part of its light."""
        self.paint(shape, (0.0, 0.0, 0.0), 1 - factor, soft)

    def picture(self) -> Image.Image:
        """As 8-bit RGB, rounded."""
        array = (self.pixels * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        return Image.fromarray(np.ascontiguousarray(array.transpose(1, 2, 0)))


def painted(colour: Colour | Paint, x: Plane, y: Plane) -> Colours:
    """The colours of these points, 3 x h x w or what broadcasts to it."""
    return colour(x, y) if callable(colour) else everywhere(colour)


@lru_cache(maxsize=1024)
def everywhere(colour: Colour) -> Colours:
    """A colour as 3 x 1 x 1."""
    found = np.asarray(colour, dtype=np.float32)[:, None, None]
    found.setflags(write=False)
    return found


def held(shares: Plane) -> Plane:
    """To 0 .. 1."""
    return np.minimum(np.maximum(shares, ZERO), ONE)


def window(side: int, bounds: Bounds, soft: float = 0.0) -> tuple[slice, slice] | None:
    """Rows and columns that a shape of these bounds and its soft edge can touch; None where that is nothing."""
    spare = max(0.5 / side, soft)  # distances of ellipses are too small far away from them
    left, top, right, bottom = bounds
    first, start = max(0, int((left - spare) * side)), max(0, int((top - spare) * side))
    last, end = min(side, int((right + spare) * side) + 1), min(side, int((bottom + spare) * side) + 1)
    return (slice(start, end), slice(first, last)) if first < last and start < end else None


def mask(side: int, shape: Shape, inset: float = 0.0) -> npt.NDArray[np.bool_]:
    """side x side: the pixels whose centres lie inside a shape, ``inset`` or more from its outline."""
    centres = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    found = np.zeros((side, side), dtype=bool)
    place = window(side, shape.bounds)
    if place is not None:
        found[place] = shape.distance(centres[None, place[1]], centres[place[0], None]) <= -inset
    return found


class Ids:
    """A map of whole numbers, side x side: shapes are written over one another with hard edges."""

    def __init__(self, side: int, number: int = 0) -> None:
        self.side, self.numbers = side, np.full((side, side), number, dtype=np.int32)
        centres = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
        self.x, self.y = centres[None, :], centres[:, None]

    def write(self, shape: Shape, number: int) -> None:
        """The number wherever a pixel's centre lies inside."""
        place = window(self.side, shape.bounds)
        if place is not None:
            inside = shape.distance(self.x[:, place[1]], self.y[place[0]]) <= 0
            self.numbers[place][np.broadcast_to(inside, self.numbers[place].shape)] = number
