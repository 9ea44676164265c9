"""Creatures in a meadow, plain and patterned: colour and texture change, shape and scene stay.

A plain creature is pale. The patterned one has the same hue, a little turned, deep and pure, and the pattern of its
kind (bands, spots or rings) where its own outline says: from either, the other one follows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from gan_zoo.data.worlds.canvas import Canvas, Colour, Paint
from gan_zoo.data.worlds.colours import down, hsv, lit, mixed, web
from gan_zoo.data.worlds.scenes import Dice
from gan_zoo.data.worlds.shapes import (
    Both,
    Box,
    Disc,
    Either,
    Ellipse,
    Lattice,
    Point,
    Polygon,
    Ring,
    Stroke,
)
from gan_zoo.data.worlds.world import World

HUES = (0.02, 0.13, 0.46, 0.79)  # coral, yellow, mint, violet
SHARES = (0.4, 0.3, 0.2, 0.1)  # unequal, so that exchanged hues would be seen by their numbers
TURN = -0.025  # of the hue, from plain to patterned
KINDS = 3
INK, WHITE = web("2b2430"), web("ffffff")


@dataclass(frozen=True)
class Creature:
    """One creature and its scene. Places and sizes in sides of the picture; ``way``: 1 looks to the right, -1 left."""

    kind: int
    hue: int
    shade: float
    x: float
    y: float
    size: float
    way: int
    day: float
    hill: float
    sun: float

    @classmethod
    def drawn(cls, dice: Dice) -> "Creature":
        """A creature at random."""
        return cls(
            kind=dice.one_of(KINDS),
            hue=dice.weighted(*SHARES),
            shade=dice.between(-0.015, 0.015),
            x=0.5 + dice.between(-0.04, 0.04),
            y=0.56 + dice.between(-0.03, 0.03),
            size=dice.between(0.90, 1.04),
            way=dice.sign(),
            day=dice.number(),
            hill=dice.between(-0.05, 0.05),
            sun=dice.between(0.12, 0.88),
        )

    @property
    def plain(self) -> Colour:
        """The body's colour where it is plain."""
        return hsv(HUES[self.hue] + self.shade, 0.26, 0.99)

    @property
    def deep(self) -> Colour:
        """The body's colour between the pattern."""
        return hsv(HUES[self.hue] + self.shade + TURN, 0.86, 0.80)

    @property
    def dark(self) -> Colour:
        """The pattern's colour."""
        return hsv(HUES[self.hue] + self.shade + TURN, 0.80, 0.30)

    def at(self, u: float, v: float) -> Point:
        """A place relative to the body's middle, u towards the head."""
        return self.x + self.way * self.size * u, self.y + self.size * v

    def oval(self, u: float, v: float, rx: float, ry: float) -> Ellipse:
        """An ellipse there."""
        return Ellipse(*self.at(u, v), self.size * rx, self.size * ry)

    def box(self, left: float, top: float, right: float, bottom: float, r: float = 0.0) -> Box:
        """A rectangle there."""
        (x0, y0), (x1, y1) = self.at(left, top), self.at(right, bottom)
        return Box(min(x0, x1), y0, max(x0, x1), y1, self.size * r)

    def stroke(self, start: Point, end: Point, r: float) -> Stroke:
        """A straight line there."""
        return Stroke(self.at(*start), self.at(*end), self.size * r)

    def polygon(self, *corners: Point) -> Polygon:
        """A convex polygon there."""
        return Polygon([self.at(*corner) for corner in corners])


def scenery(creature: Creature, side: int) -> Canvas:
    """Sky, sun, hills and meadow."""
    high = mixed(web("5fb2e6"), web("8f9bdd"), creature.day)
    low = mixed(web("d9f1fb"), web("ffe0c4"), creature.day)
    canvas = Canvas(side, down(high, low, 0.0, 0.6))
    glow = Disc(creature.sun, 0.16, 0.16)
    canvas.paint(glow, web("fff6d8"), 0.5, 0.16)
    canvas.paint(Disc(creature.sun, 0.16, 0.07), web("fff3b8"))
    far = mixed(web("8cc6a4"), web("a8b98a"), creature.day)
    canvas.paint(Ellipse(0.22 + creature.hill, 0.86, 0.5, 0.36), down(far, lit(far, 0.9), 0.5, 0.8))
    near = mixed(web("6bb26f"), web("90ad5c"), creature.day)
    canvas.paint(Ellipse(0.85 + creature.hill, 0.92, 0.6, 0.36), down(near, lit(near, 0.9), 0.55, 0.85))
    ground = mixed(web("84c55f"), web("b3bb58"), creature.day)
    canvas.paint(Ellipse(0.5, 1.35, 1.3, 0.62), down(lit(ground, 1.08), lit(ground, 0.8), 0.73, 1.0))
    return canvas


def plain(creature: Creature, side: int) -> Canvas:
    """Convention A."""
    canvas = scenery(creature, side)
    BODIES[creature.kind](canvas, creature, creature.plain, None)
    return canvas


def patterned(creature: Creature, side: int) -> Canvas:
    """Convention B."""
    canvas = scenery(creature, side)
    BODIES[creature.kind](canvas, creature, creature.deep, creature.dark)
    return canvas


def _rounded(creature: Creature, colour: Colour) -> Paint:
    """A colour with light from above and shadow below."""
    return down(lit(colour, 1.08), lit(colour, 0.84), creature.y - 0.22, creature.y + 0.24)


def _eye(canvas: Canvas, creature: Creature, u: float, v: float, r: float = 0.036) -> None:
    canvas.paint(creature.oval(u, v, r, r * 1.15), WHITE)
    canvas.paint(creature.oval(u + 0.25 * r, v, r * 0.6, r * 0.75), INK)
    canvas.paint(creature.oval(u + 0.4 * r, v - 0.3 * r, r * 0.25, r * 0.25), WHITE)


def _shadow(canvas: Canvas, creature: Creature, half: float) -> None:
    canvas.paint(creature.oval(0, 0.285, half, 0.045), web("2f5a35"), 0.4, 0.03)


def pony(canvas: Canvas, creature: Creature, body: Colour, pattern: Colour | None) -> None:
    """A long body on four legs; its pattern is upright bands."""
    _shadow(canvas, creature, 0.32)
    far, coat = lit(body, 0.72), _rounded(creature, body)
    hair = lit(body, 0.6) if pattern is None else pattern
    for u in (-0.14, 0.19):
        canvas.paint(creature.stroke((u, 0.08), (u, 0.25), 0.036), far)
    canvas.paint(creature.stroke((-0.27, -0.04), (-0.345, 0.10), 0.03), hair)
    canvas.paint(creature.polygon((0.20, -0.30), (0.26, -0.30), (0.235, -0.385)), far)
    trunk = creature.box(-0.29, -0.125, 0.27, 0.125, 0.12)
    nape, jaw = (
        creature.stroke((0.20, -0.02), (0.27, -0.2), 0.082),
        creature.stroke((0.29, -0.22), (0.375, -0.165), 0.066),
    )
    neck, legs = Either([nape, jaw]), Either([creature.stroke((u, 0.06), (u, 0.26), 0.04) for u in (-0.225, 0.135)])
    for part in (legs, trunk, neck):
        canvas.paint(part, coat)
    canvas.paint(creature.polygon((0.25, -0.28), (0.32, -0.27), (0.29, -0.38)), coat)
    canvas.paint(creature.stroke((0.155, -0.15), (0.235, -0.29), 0.035), hair)
    if pattern is not None:
        left = -0.225 if creature.way > 0 else 0.215
        bands = Lattice(creature.box(left - 0.027, -0.2, left + 0.027, 0.2), 5, 1, creature.size * 0.11, 1.0)
        canvas.paint(Both(trunk, bands), pattern)
        for u in (-0.225, 0.135):
            canvas.paint(creature.box(u - 0.041, 0.175, u + 0.041, 0.215), pattern)
    canvas.paint(creature.oval(0.40, -0.145, 0.012, 0.014), INK)
    _eye(canvas, creature, 0.295, -0.225)


def bird(canvas: Canvas, creature: Creature, body: Colour, pattern: Colour | None) -> None:
    """A round, upright body with a wing; its pattern is spots."""
    _shadow(canvas, creature, 0.22)
    coat = _rounded(creature, body)
    for u in (-0.06, 0.08):
        canvas.paint(creature.stroke((u, 0.2), (u, 0.275), 0.017), web("e08a2c"))
        canvas.paint(creature.stroke((u, 0.28), (u + 0.06, 0.28), 0.017), web("e08a2c"))
    canvas.paint(creature.polygon((-0.12, 0.04), (-0.36, -0.02), (-0.33, 0.12), (-0.12, 0.17)), lit(body, 0.72))
    for u in (-0.02, 0.04, 0.1):
        canvas.paint(creature.stroke((0.06, -0.26), (u, -0.375), 0.02), lit(body, 0.72))
    canvas.paint(creature.polygon((0.2, -0.2), (0.2, -0.08), (0.345, -0.13)), web("f0a030"))
    trunk = Either([creature.oval(0, 0.03, 0.235, 0.215), creature.oval(0.06, -0.16, 0.17, 0.165)])
    canvas.paint(trunk, coat)
    if pattern is not None:
        for u, v, r in SPOTS:
            canvas.paint(creature.oval(u, v, r, r), pattern)
    canvas.paint(creature.oval(-0.075, 0.055, 0.125, 0.085), lit(body, 0.72))
    _eye(canvas, creature, 0.125, -0.18, 0.044)


SPOTS = (
    *((-0.14, -0.065, 0.042), (-0.03, -0.09, 0.042), (0.09, -0.06, 0.042), (0.165, 0.03, 0.042), (0.11, 0.115, 0.042)),
    *((0.0, 0.185, 0.042), (-0.12, 0.175, 0.036), (0.0, -0.22, 0.034), (-0.06, -0.155, 0.030), (0.065, -0.285, 0.028)),
)


def turtle(canvas: Canvas, creature: Creature, body: Colour, pattern: Colour | None) -> None:
    """A dome on short legs; its pattern is arches, one in the other."""
    _shadow(canvas, creature, 0.33)
    limb = lit(mixed(body, web("9ab87a"), 0.0), 0.78)
    for u in (-0.2, 0.16):
        canvas.paint(creature.stroke((u, 0.18), (u, 0.255), 0.055), limb)
    canvas.paint(creature.polygon((-0.27, 0.12), (-0.27, 0.2), (-0.4, 0.2)), limb)
    canvas.paint(creature.stroke((0.25, 0.15), (0.345, 0.02), 0.055), limb)
    canvas.paint(creature.oval(0.355, -0.015, 0.098, 0.085), limb)
    dome = Both(creature.oval(-0.02, 0.17, 0.315, 0.385), creature.box(-0.4, -0.4, 0.4, 0.17))
    canvas.paint(dome, down(lit(body, 1.1), lit(body, 0.82), creature.y - 0.22, creature.y + 0.18))
    if pattern is not None:
        for part in (0.86, 0.53, 0.2):
            arch = Ring(creature.oval(-0.02, 0.17, 0.315 * part, 0.385 * part), 0.026 * creature.size)
            canvas.paint(Both(dome, arch), pattern)
    canvas.paint(creature.box(-0.345, 0.15, 0.305, 0.205, 0.027), lit(body, 0.68))
    _eye(canvas, creature, 0.385, -0.035, 0.034)


Body = Callable[[Canvas, Creature, Colour, Colour | None], None]
BODIES: tuple[Body, ...] = (pony, bird, turtle)


@dataclass(frozen=True)
class Textures(World):
    """Plain creatures (a) and the same with patterns (b)."""

    name = "world_textures"
    words = "creatures, plain and patterned"
    parts = MappingProxyType(
        {
            "a": lambda _, creature, side: plain(creature, side).picture(),
            "b": lambda _, creature, side: patterned(creature, side).picture(),
            "image": lambda _, creature, side: patterned(creature, side).picture(),
        }
    )

    def scene(self, split: str, number: int) -> Creature:  # noqa: D102
        return Creature.drawn(self.dice(split, number))

    def alternatives(self, scene: Creature) -> Iterator[tuple[str, list[Creature]]]:  # noqa: D102
        yield "kind", [replace(scene, kind=kind) for kind in range(KINDS) if kind != scene.kind]
        yield "hue", [replace(scene, hue=hue) for hue in range(len(HUES)) if hue != scene.hue]
        yield "way", [replace(scene, way=-scene.way)]

    def content(self, part: str, scene: Creature, picture: npt.NDArray[np.float32]) -> float | None:
        """The creature's outline, as what is not scenery: intersection over union."""
        side = picture.shape[-1]
        empty = 2 * scenery(scene, side).pixels - 1
        canvas = {"a": plain, "b": patterned, "image": patterned}[part](scene, side)
        true = (np.abs(2 * canvas.pixels - 1 - empty) > SEEN).any(axis=0)
        found = (np.abs(picture - empty) > SEEN).any(axis=0)
        return float((true & found).sum() / max(1, (true | found).sum()))


SEEN = 0.2  # of [-1, 1]: what differs from the scenery by more than this is no scenery
