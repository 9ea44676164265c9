"""Shapes as signed distances: how far a point lies outside (positive) or inside (negative) of an outline.

A picture is the unit square, x to the right and y down; distances are in sides of the picture and exact near outlines,
which is where they matter: within a pixel of the outline they make its soft edge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]  # h x w, or 1 x w for x and h x 1 for y
Bounds = tuple[float, float, float, float]  # left, top, right, bottom
EVERYWHERE: Bounds = (0.0, 0.0, 1.0, 1.0)
Point = tuple[float, float]


class Shape(Protocol):
    """An outline."""

    @property
    def bounds(self) -> Bounds:
        """A box that holds all of it."""

    def distance(self, x: Plane, y: Plane) -> Plane:
        """Signed distances of the points (x, y)."""


@dataclass(frozen=True)
class Ellipse:
    """An upright ellipse about (x, y) with these half axes."""

    x: float
    y: float
    rx: float
    ry: float

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        return self.x - self.rx, self.y - self.ry, self.x + self.rx, self.y + self.ry

    def distance(self, x: Plane, y: Plane) -> Plane:
        """To first order: (q - 1) / |grad q| of q = (x / rx)^2 + (y / ry)^2."""
        u, v = np.square((x - self.x) / self.rx), np.square((y - self.y) / self.ry)
        slope = (4 / self.rx**2) * u + ((4 / self.ry**2) * v + 1e-6)
        return np.asarray((u + (v - 1)) / np.sqrt(slope, out=slope))


@dataclass(frozen=True)
class Disc:
    """A circle about (x, y); its distances are exact everywhere, so that its edge may be as soft as one likes."""

    x: float
    y: float
    r: float

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        return self.x - self.r, self.y - self.r, self.x + self.r, self.y + self.r

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        return np.asarray(np.sqrt(np.square(x - self.x) + np.square(y - self.y)) - self.r)


@dataclass(frozen=True)
class Box:
    """A rectangle with corners rounded by ``r``."""

    left: float
    top: float
    right: float
    bottom: float
    r: float = 0.0

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        return self.left, self.top, self.right, self.bottom

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        u = np.abs(x - (self.left + self.right) / 2) - ((self.right - self.left) / 2 - self.r)
        v = np.abs(y - (self.top + self.bottom) / 2) - ((self.bottom - self.top) / 2 - self.r)
        if not self.r:
            return np.asarray(np.maximum(u, v))
        corner = np.sqrt(np.square(np.maximum(u, 0)) + np.square(np.maximum(v, 0)))
        return np.asarray(corner + np.minimum(np.maximum(u, v), 0) - self.r)


@dataclass(frozen=True)
class Stroke:
    """A straight line with round ends, ``r`` half as wide as it is."""

    start: Point
    end: Point
    r: float

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        (x0, y0), (x1, y1), r = self.start, self.end, self.r
        return min(x0, x1) - r, min(y0, y1) - r, max(x0, x1) + r, max(y0, y1) + r

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        (x0, y0), (x1, y1) = self.start, self.end
        dx, dy = x1 - x0, y1 - y0
        scale = 1 / (dx * dx + dy * dy + 1e-12)
        along = _within((x - x0) * (dx * scale) + (y - y0) * (dy * scale), 1)
        return np.asarray(np.hypot(x - x0 - along * dx, y - y0 - along * dy) - self.r)


@dataclass(frozen=True)
class Polygon:
    """A convex polygon, its corners in either order."""

    corners: Sequence[Point]

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        xs, ys = zip(*self.corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def distance(self, x: Plane, y: Plane) -> Plane:
        """The largest distance from a side's line."""
        pairs = list(zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True))
        turn = math.copysign(1, sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs))
        lines = []
        for (x0, y0), (x1, y1) in pairs:
            length = turn * (math.hypot(x1 - x0, y1 - y0) or 1.0)
            a, b = (y1 - y0) / length, (x0 - x1) / length
            lines.append((a, b, a * x0 + b * y0))
        across, down, offset = np.array(lines, dtype=np.float32).T[:, :, None, None]
        return np.asarray((across * x + (down * y - offset)).max(axis=0))


@dataclass(frozen=True)
class Bow:
    """A line of half width ``r`` bent into a parabola: ends at x -+ half, its middle lower than its ends by ``sag``."""

    x: float
    y: float
    half: float
    sag: float
    r: float

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        top, bottom = min(0.0, self.sag), max(0.0, self.sag)
        return self.x - self.half - self.r, self.y + top - self.r, self.x + self.half + self.r, self.y + bottom + self.r

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        u = (x - self.x) / self.half
        slope = (2 * self.sag / self.half) * u
        off = np.abs(y - self.y - self.sag * (1 - np.square(u))) / np.sqrt(1 + np.square(slope))
        return np.asarray(np.maximum(off - self.r, np.abs(x - self.x) - self.half))


@dataclass(frozen=True)
class Ring:
    """The outline of a shape, as a band that reaches ``r`` to either side."""

    shape: Shape
    r: float

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        left, top, right, bottom = self.shape.bounds
        return left - self.r, top - self.r, right + self.r, bottom + self.r

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        return np.asarray(np.abs(self.shape.distance(x, y)) - self.r)


@dataclass(frozen=True)
class Both:
    """Where two shapes overlap."""

    one: Shape
    other: Shape

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        a, b = self.one.bounds, self.other.bounds
        return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        return np.maximum(self.one.distance(x, y), self.other.distance(x, y))


@dataclass(frozen=True)
class Without:
    """One shape, another one cut out of it."""

    one: Shape
    other: Shape

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        return self.one.bounds

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        return np.maximum(self.one.distance(x, y), -self.other.distance(x, y))


@dataclass(frozen=True)
class Either:
    """Several shapes as one."""

    shapes: Sequence[Shape]

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        lefts, tops, rights, bottoms = zip(*(shape.bounds for shape in self.shapes), strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        found = self.shapes[0].distance(x, y)
        for shape in self.shapes[1:]:
            found = np.minimum(found, shape.distance(x, y))
        return found


@dataclass(frozen=True)
class Moved:
    """A shape somewhere else."""

    shape: Shape
    dx: float
    dy: float

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        left, top, right, bottom = self.shape.bounds
        return left + self.dx, top + self.dy, right + self.dx, bottom + self.dy

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        return self.shape.distance(x - np.float32(self.dx), y - np.float32(self.dy))


@dataclass(frozen=True)
class Lattice:
    """A shape repeated ``columns`` x ``rows`` times, each ``dx`` to the right and ``dy`` below the last one.

    The shape stands at the left upper place; it must be narrower than ``dx`` and lower than ``dy``. ``hole``: the
    column and row where there is none.
    """

    shape: Shape
    columns: int
    rows: int
    dx: float
    dy: float
    hole: tuple[int, int] | None = None

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        left, top, right, bottom = self.shape.bounds
        return left, top, right + (self.columns - 1) * self.dx, bottom + (self.rows - 1) * self.dy

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        column, row = self.places(x, y)
        found = self.shape.distance(x - column * np.float32(self.dx), y - row * np.float32(self.dy))
        if self.hole is None:
            return found
        return np.asarray(np.where((column == self.hole[0]) & (row == self.hole[1]), np.float32(1), found))

    def places(self, x: Plane, y: Plane) -> tuple[Plane, Plane]:
        """Column (like x) and row (like y) of the place nearest to each point."""
        left, top, right, bottom = self.shape.bounds
        column = np.rint((x - (left + right) / 2) / self.dx)
        row = np.rint((y - (top + bottom) / 2) / self.dy)
        return _within(column, self.columns - 1), _within(row, self.rows - 1)

    def folded(self, x: Plane, y: Plane) -> tuple[Plane, Plane]:
        """The points as seen from the place nearest to each, brought to the left upper one."""
        column, row = self.places(x, y)
        return x - column * np.float32(self.dx), y - row * np.float32(self.dy)

    def each(self) -> list[Moved]:
        """The shapes one by one, row by row."""
        places = [(column, row) for row in range(self.rows) for column in range(self.columns)]
        return [Moved(self.shape, place[0] * self.dx, place[1] * self.dy) for place in places if place != self.hole]


@dataclass(frozen=True)
class Mirrored:
    """A shape on the right of a vertical axis at ``x``, and the same on its left."""

    shape: Shape
    x: float

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        _, top, right, bottom = self.shape.bounds
        return 2 * self.x - right, top, right, bottom

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        return self.shape.distance(np.abs(x - self.x) + np.float32(self.x), y)


@dataclass(frozen=True)
class Under:
    """What lies below a line through these points, from the left to the right; to both sides of it, nothing."""

    points: Sequence[Point]
    bottom: float = 1.0

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        xs, ys = zip(*self.points, strict=True)
        return xs[0], min(ys), xs[-1], max(self.bottom, *ys)

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        xs, ys = np.array(self.points).T
        place = np.clip(np.searchsorted(xs, x[0]) - 1, 0, len(xs) - 2)
        slope = (np.diff(ys) / np.maximum(np.diff(xs), 1e-6))[place]
        height = ys[place] + slope * (x[0] - xs[place])
        steep = 1 / np.sqrt(1 + np.square(slope))
        above = (height * steep).astype(np.float32) - y * steep.astype(np.float32)
        aside = np.abs(x - float(xs[0] + xs[-1]) / 2) - float(xs[-1] - xs[0]) / 2
        return np.asarray(np.maximum(above, np.maximum(aside, y - self.bottom)))


@dataclass(frozen=True)
class Over(Under):
    """What lies above such a line, down from ``bottom``, which is its top here."""

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        xs, ys = zip(*self.points, strict=True)
        return xs[0], min(self.bottom, *ys), xs[-1], max(ys)

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        flipped = Under([(u, -v) for u, v in self.points], -self.bottom)
        return flipped.distance(x, -y)


@dataclass(frozen=True)
class Burst:
    """A closed outline about (x, y): at some turns (growing, clockwise from the left, 1 all around) its radius, in
    units of ``size``; spirals in between."""

    x: float
    y: float
    size: float
    points: tuple[Point, ...]

    @property
    def bounds(self) -> Bounds:  # noqa: D102
        r = self.size * max(radius for _, radius in self.points)
        return self.x - r, self.y - r, self.x + r, self.y + r

    def distance(self, x: Plane, y: Plane) -> Plane:  # noqa: D102
        u, v = (x - self.x) / self.size, (y - self.y) / self.size
        radius, steep = _profile(self.points)
        place = (np.arctan2(v, u) * np.float32(0.5 / math.pi * FINE) + np.float32(0.5 * FINE)).astype(np.intp) % FINE
        return np.asarray((np.hypot(u, v) - radius[place]) * steep[place] * np.float32(self.size))


FINE = 4096


@lru_cache(maxsize=8)
def _profile(points: tuple[Point, ...]) -> tuple[Plane, Plane]:
    """Radius, and the share of a radial distance that lies across the outline, at ``FINE`` turns."""
    turns, radii = np.array(points).T
    fine = np.arange(FINE) / FINE
    around = np.concatenate([turns - 1, turns, turns + 1]), np.tile(radii, 3)
    radius = np.interp(fine, *around)
    slope = np.gradient(radius, 2 * math.pi / FINE)
    return radius.astype(np.float32), (radius / np.hypot(radius, slope)).astype(np.float32)


def _within(plane: Plane, most: float) -> Plane:
    return np.minimum(np.maximum(plane, np.float32(0)), np.float32(most))
