"""Cartoon faces in two conventions: a paper-cut portrait, and the large eyes, wide head and spikes of a comic.

Both show the same person: colours of hair, skin, eyes, shirt and background, eyes open or closed, mouth, glasses,
length of hair, where the face looks, its place and size. Each convention draws all of it, so that either tells the
other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from gan_zoo.data.options import positive
from gan_zoo.data.worlds.canvas import Canvas, Colour
from gan_zoo.data.worlds.colours import across, around, down, lit, mixed, web
from gan_zoo.data.worlds.scenes import Dice
from gan_zoo.data.worlds.shapes import (
    Both,
    Bow,
    Box,
    Burst,
    Disc,
    Either,
    Ellipse,
    Lattice,
    Mirrored,
    Over,
    Point,
    Polygon,
    Ring,
    Shape,
    Stroke,
    Without,
)
from gan_zoo.data.worlds.world import World

HAIR = tuple(map(web, ("2b2735", "7a4526", "d9602b", "f0c052", "2f8f9d", "d65f9a")))
SKIN = tuple(map(web, ("ffd9bf", "e8b088", "b97d55", "80523a")))
IRIS = tuple(map(web, ("5b3a21", "2e8b57", "2f6fd0", "8a4fc4")))
SHIRT = tuple(map(web, ("d1495b", "2e4057", "66a182", "edae49", "8d6a9f")))
BACKGROUND = tuple(map(web, ("dc9650", "5fae6b", "4a9cc9", "8e6bbf", "d9607e")))
INK, WHITE, RED = web("2a2230"), web("ffffff"), web("a8323e")


@dataclass(frozen=True)
class Face:
    """One person. Places and sizes in sides of the picture; ``turn``: -1 looks to the left, 1 to the right."""

    x: float
    y: float
    size: float
    turn: float
    hair: int
    skin: int
    iris: int
    shirt: int
    background: int
    awake: bool
    laughing: bool
    glasses: bool
    long_hair: bool

    @classmethod
    def drawn(cls, dice: Dice, colours: Mapping[str, Sequence[int]]) -> "Face":
        """A person at random, of these colours."""
        return cls(
            x=0.5 + dice.between(-0.03, 0.03),
            y=0.5 + dice.between(-0.02, 0.02),
            size=dice.between(0.94, 1.04),
            turn=dice.sign() * dice.between(0.6, 1.0),
            hair=colours["hair"][dice.one_of(len(colours["hair"]))],
            skin=colours["skin"][dice.one_of(len(colours["skin"]))],
            iris=colours["iris"][dice.one_of(len(colours["iris"]))],
            shirt=colours["shirt"][dice.one_of(len(colours["shirt"]))],
            background=colours["background"][dice.one_of(len(colours["background"]))],
            awake=dice.chance(0.7),
            laughing=dice.chance(0.5),
            glasses=dice.chance(0.4),
            long_hair=dice.chance(0.5),
        )

    def at(self, u: float, v: float) -> Point:
        """A place relative to the middle of the face."""
        return self.x + self.size * u, self.y + self.size * v

    def oval(self, u: float, v: float, rx: float, ry: float) -> Ellipse:
        """An ellipse there."""
        return Ellipse(*self.at(u, v), self.size * rx, self.size * ry)

    def box(self, left: float, top: float, right: float, bottom: float, r: float = 0.0) -> Box:
        """A rectangle there."""
        return Box(*self.at(left, top), *self.at(right, bottom), self.size * r)

    def bow(self, u: float, v: float, half: float, sag: float, r: float) -> Bow:
        """A bent line there."""
        return Bow(*self.at(u, v), *(self.size * length for length in (half, sag, r)))

    def stroke(self, start: Point, end: Point, r: float) -> Stroke:
        """A straight line there."""
        return Stroke(self.at(*start), self.at(*end), self.size * r)

    def two(self, left: Shape, gap: float) -> Lattice:
        """A shape, and once more that far to its right."""
        return Lattice(left, 2, 1, self.size * gap, 1.0)

    def polygon(self, *corners: Point) -> Polygon:
        """A convex polygon there."""
        return Polygon([self.at(*corner) for corner in corners])


def portrait(face: Face, side: int) -> Canvas:
    """Convention A: a tall oval head with small features, smooth hair, a pale wall."""
    skin, hair, shirt = SKIN[face.skin], HAIR[face.hair], SHIRT[face.shirt]
    wall, look = BACKGROUND[face.background], 0.045 * face.turn
    canvas = Canvas(side, down(lit(wall, 1.85), lit(wall, 1.55)))
    if face.long_hair:
        canvas.paint(face.box(-0.285, -0.25, 0.285, 0.37, 0.16), lit(hair, 0.75))
    else:
        canvas.paint(face.oval(0, -0.06, 0.285, 0.30), lit(hair, 0.75))
    canvas.paint(face.oval(0, 0.56, 0.37, 0.24), down(shirt, lit(shirt, 0.8), 0.75, 1.0))
    canvas.paint(face.box(-0.085, 0.16, 0.085, 0.38, 0.07), lit(skin, 0.82))
    canvas.paint(Mirrored(face.oval(0.232, 0.03, 0.045, 0.06), face.x), lit(skin, 0.88))
    shades = across(lit(skin, 1.12), lit(skin, 0.9), face.x - 0.2, face.x + 0.22)
    canvas.paint(face.oval(0, 0, 0.235, 0.30), shades)
    cap = Without(face.oval(0, -0.045, 0.27, 0.325), face.oval(1.6 * look, 0.17, 0.25, 0.33))
    canvas.paint(cap, down(lit(hair, 1.15), hair, face.y - 0.36, face.y - 0.1))
    _portrait_eyes(canvas, face, look)
    canvas.paint(face.bow(1.6 * look, 0.085, 0.028, 0.016, 0.008), lit(skin, 0.68))
    if face.laughing:
        mouth = Both(face.oval(look, 0.135, 0.085, 0.075), face.box(look - 0.1, 0.135, look + 0.1, 0.3))
        canvas.paint(mouth, RED)
        canvas.paint(Both(mouth, face.box(look - 0.1, 0.135, look + 0.1, 0.158)), WHITE)
    else:
        canvas.paint(face.bow(look, 0.165, 0.055, 0.006, 0.009), lit(RED, 0.9))
    return canvas


def _portrait_eyes(canvas: Canvas, face: Face, look: float) -> None:
    left, gap = look - 0.095, 0.19
    canvas.paint(face.two(face.bow(left, -0.085, 0.05, -0.016, 0.011), gap), lit(HAIR[face.hair], 0.75))
    if face.awake:
        iris = left + 0.008 * face.turn
        canvas.paint(face.two(face.oval(left, -0.015, 0.048, 0.034), gap), WHITE)
        canvas.paint(face.two(face.oval(iris, -0.015, 0.028, 0.029), gap), IRIS[face.iris])
        canvas.paint(face.two(face.oval(iris, -0.015, 0.012, 0.012), gap), INK)
    else:
        canvas.paint(face.two(face.bow(left, -0.015, 0.046, 0.018, 0.009), gap), INK)
    if face.glasses:
        canvas.paint(face.two(Ring(face.oval(left, -0.012, 0.076, 0.068), 0.010 * face.size), gap), INK)


def comic(face: Face, side: int) -> Canvas:
    """Convention B: a wide head with a pointed chin, large eyes, spikes of hair, a bright disc behind."""
    skin, hair, shirt = comic_skin(face), comic_hair(face), SHIRT[face.shirt]
    wall, look = BACKGROUND[face.background], 0.05 * face.turn
    canvas = Canvas(side, wall)
    canvas.paint(Disc(0.5, 0.46, 0.46), around(lit(wall, 1.8), lit(wall, 1.45), 0.5, 0.46, 0.46))
    if face.long_hair:
        tail = Either([face.oval(0.37, 0.14, 0.105, 0.26), face.oval(0.31, -0.1, 0.1, 0.12)])
        canvas.paint(Mirrored(tail, face.x), down(lit(hair, 0.95), lit(hair, 0.72), face.y - 0.1, face.y + 0.4))
    canvas.paint(Burst(*face.at(0, -0.03), face.size, SPIKES), lit(hair, 0.8))
    canvas.paint(face.polygon((-0.12, 0.26), (0.12, 0.26), (0.24, 0.6), (-0.24, 0.6)), shirt)
    canvas.paint(face.polygon((-0.09, 0.26), (0.09, 0.26), (0.0, 0.40)), lit(skin, 0.85))
    chin = face.polygon((-0.31, 0.06), (0.31, 0.06), (0.035, 0.335), (-0.035, 0.335))
    canvas.paint(Either([face.oval(0, 0.0, 0.325, 0.235), chin]), down(skin, lit(skin, 0.93), face.y, face.y + 0.33))
    canvas.paint(face.two(face.oval(look - 0.185, 0.155, 0.05, 0.028), 0.37), web("f4727c"), 0.55, 0.02)
    _comic_eyes(canvas, face, look)
    _comic_mouth(canvas, face, look)
    fringe = Over([face.at(u + 0.8 * look * inner, v) for u, v, inner in FRINGE], face.at(0, -0.4)[1])
    canvas.paint(Both(fringe, face.oval(0, -0.03, 0.338, 0.245)), down(lit(hair, 1.05), hair, face.y - 0.3, face.y))
    shine = Both(face.bow(0, -0.2, 0.2, -0.035, 0.018), face.oval(0, -0.1, 0.25, 0.3))
    canvas.paint(shine, lit(hair, 1.45), 0.8)
    return canvas


SPIKES = (  # (turns clockwise from the left, radius) of the hair behind the head, tips and dents in turn
    *((0.0, 0.40), (0.045, 0.34), (0.085, 0.47), (0.125, 0.33), (0.165, 0.455), (0.205, 0.325), (0.24, 0.42)),
    *((0.27, 0.33), (0.31, 0.45), (0.35, 0.325), (0.39, 0.455), (0.425, 0.335), (0.455, 0.465), (0.495, 0.35)),
    *((0.53, 0.41), (0.62, 0.25), (0.75, 0.2), (0.88, 0.25), (0.965, 0.40)),
)
FRINGE = (  # the third number: whether the point moves with the look
    *((-0.345, -0.02, 0), (-0.30, 0.09, 0), (-0.23, -0.15, 0), (-0.14, -0.045, 1), (-0.07, -0.16, 1)),
    *((0.01, -0.01, 1), (0.08, -0.16, 1), (0.15, -0.05, 1), (0.23, -0.15, 0), (0.30, 0.09, 0), (0.345, -0.02, 0)),
)


def comic_skin(face: Face) -> Colour:
    """Skin as the comic shows it: paler and pinker."""
    return mixed(SKIN[face.skin], web("ffe3e6"), 0.38)


def comic_hair(face: Face) -> Colour:
    """Hair as the comic shows it: of purer colour."""
    red, green, blue = HAIR[face.hair]
    middle = (red + green + blue) / 3
    pure = (middle + 1.25 * (value - middle) for value in (red, green, blue))
    red, green, blue = (min(1.0, max(0.0, value)) for value in pure)
    return red, green, blue


def _comic_mouth(canvas: Canvas, face: Face, look: float) -> None:
    if face.laughing:
        mouth = Both(face.oval(look, 0.195, 0.06, 0.085), face.box(look - 0.1, 0.195, look + 0.1, 0.4))
        canvas.paint(mouth, RED)
        canvas.paint(Both(mouth, face.oval(look, 0.285, 0.045, 0.035)), web("f0808a"))
    else:
        canvas.paint(face.bow(look, 0.215, 0.03, 0.008, 0.009), RED)


def _comic_eyes(canvas: Canvas, face: Face, look: float) -> None:
    iris, left, gap = IRIS[face.iris], look - 0.145, 0.29
    if face.awake:
        middle = left + 0.012 * face.turn
        canvas.paint(face.two(face.oval(left, 0.045, 0.092, 0.112), gap), INK)
        canvas.paint(face.two(face.oval(left, 0.062, 0.082, 0.095), gap), WHITE)
        shades = down(lit(iris, 0.55), lit(iris, 1.35), face.y - 0.03, face.y + 0.14)
        canvas.paint(face.two(face.oval(middle, 0.058, 0.066, 0.092), gap), shades)
        canvas.paint(face.two(face.oval(middle, 0.055, 0.03, 0.045), gap), INK)
        canvas.paint(face.two(face.oval(middle - 0.026, 0.01, 0.026, 0.030), gap), WHITE)
    else:
        canvas.paint(face.two(face.bow(left, 0.09, 0.082, -0.07, 0.014), gap), INK)
    if face.glasses:
        rim = Ring(face.box(left - 0.122, -0.055, left + 0.122, 0.165, 0.07), 0.013 * face.size)
        canvas.paint(face.two(rim, gap), INK)


@dataclass(frozen=True)
class Faces(World):
    """Portraits (a) and comics (b) of the same people.

    ``colours``: of hair, skin, eyes, shirts and backgrounds so many each, spread over the palette; 6 are all.
    """

    colours: int = 6

    name = "world_faces"
    words = "cartoon faces in two conventions"
    parts = MappingProxyType(
        {
            "a": lambda _, face, side: portrait(face, side).picture(),
            "b": lambda _, face, side: comic(face, side).picture(),
            "image": lambda _, face, side: comic(face, side).picture(),
        }
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("data.world.colours", self.colours)

    @cached_property
    def palettes(self) -> dict[str, list[int]]:
        """Which colours each part has."""
        counts = {name: min(self.colours, len(palette)) for name, palette in PALETTES.items()}
        return {name: [i * len(PALETTES[name]) // count for i in range(count)] for name, count in counts.items()}

    def scene(self, split: str, number: int) -> Face:  # noqa: D102
        return Face.drawn(self.dice(split, number), self.palettes)

    def alternatives(self, scene: Face) -> Iterator[tuple[str, list[Face]]]:  # noqa: D102
        for name, values in {**self.palettes, **VALUES}.items():
            own = getattr(scene, name)
            yield name, [replace(scene, **{name: value}) for value in values if value != own]
        yield "turn", [replace(scene, turn=-scene.turn)]

    def labels(self, scene: Face) -> dict[str, bool]:  # noqa: D102
        return {
            "awake": scene.awake,
            "laughing": scene.laughing,
            "glasses": scene.glasses,
            "long_hair": scene.long_hair,
            "dark_hair": scene.hair in DARK,
            "looks_right": scene.turn > 0,
        }


DARK = (0, 1)  # of HAIR
PALETTES = {"hair": HAIR, "skin": SKIN, "iris": IRIS, "shirt": SHIRT, "background": BACKGROUND}
VALUES: dict[str, Sequence[Any]] = dict.fromkeys(("awake", "laughing", "glasses", "long_hair"), (False, True))
