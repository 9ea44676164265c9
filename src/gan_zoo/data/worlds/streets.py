"""Streets as geometry: houses, trees, clouds and a sun, and which class and which object each part is."""

from collections.abc import Iterator
from dataclasses import dataclass

from gan_zoo.data.worlds.scenes import Dice
from gan_zoo.data.worlds.shapes import Box, Disc, Either, Ellipse, Lattice, Point, Polygon, Shape

CLASSES = (
    *("sky", "sun", "cloud", "grass", "pavement", "road", "brick", "plaster", "boards"),
    *("roof", "window", "door", "crown", "trunk"),
)
SKY, SUN, CLOUD, GRASS, PAVEMENT, ROAD, BRICK, PLASTER, BOARDS, ROOF, WINDOW, DOOR, CROWN, TRUNK = range(len(CLASSES))
WALLS = (BRICK, PLASTER, BOARDS)
OBJECTS = (SUN, CLOUD, *WALLS, ROOF, WINDOW, DOOR, CROWN, TRUNK)  # the others are one thing each
KERB, ROADSIDE = 0.055, 0.115  # how far below the houses' feet pavement and road begin


@dataclass(frozen=True)
class House:
    """A house's front: its walls from ``left`` to ``right`` and ``top`` to ``bottom``, its roof up to ``ridge``.

    ``slope``: how much of the roof's width its slanted ends take (1: a gable); ``wall``: a class of ``WALLS``;
    ``columns``, ``rows``: of windows; ``door``: the column that has it.
    """

    left: float
    right: float
    top: float
    bottom: float
    ridge: float
    slope: float
    wall: int
    columns: int
    rows: int
    door: int

    @property
    def walls(self) -> Box:
        """The front."""
        return Box(self.left, self.top, self.right, self.bottom)

    @property
    def roof(self) -> Polygon:
        """A gable or a hip, a little wider than the walls."""
        left, right = self.left - 0.022, self.right + 0.022
        inset = self.slope * (right - left) / 2
        ridge = ((left + inset, self.ridge), (right - inset, self.ridge))
        return Polygon(((left, self.top), *(ridge[:1] if self.slope == 1 else ridge), (right, self.top)))

    @property
    def bay(self) -> float:
        """From one window's middle to the next one's."""
        return (self.right - self.left) / self.columns

    @property
    def storey(self) -> float:
        """From one floor to the next."""
        return (self.bottom - self.top) / self.rows

    @property
    def pane(self) -> Box:
        """The left upper window."""
        half, x, y = min(0.3 * self.bay, 0.045), self.left + self.bay / 2, self.top + 0.5 * self.storey
        return Box(x - half, y - 0.29 * self.storey, x + half, y + 0.27 * self.storey)

    @property
    def windows(self) -> Lattice:
        """A window to each bay and floor, but for the door's place."""
        return Lattice(self.pane, self.columns, self.rows, self.bay, self.storey, (self.door, self.rows - 1))

    @property
    def entrance(self) -> Box:
        """The door, on the ground."""
        x, half = self.left + (self.door + 0.5) * self.bay, min(0.3 * self.bay, 0.042)
        return Box(x - half, self.bottom - 0.72 * self.storey, x + half, self.bottom)


@dataclass(frozen=True)
class Tree:
    """A tree on the grass: ``x`` and the foot of its trunk, height of the crown's middle and half axes; or a fir."""

    x: float
    foot: float
    middle: float
    rx: float
    ry: float
    fir: bool

    @property
    def crown(self) -> Shape:
        """The leaves."""
        if not self.fir:
            return Ellipse(self.x, self.middle, self.rx, self.ry)
        top, bottom = self.middle - 1.25 * self.ry, self.middle + self.ry
        return Polygon(((self.x, top), (self.x + self.rx, bottom), (self.x - self.rx, bottom)))

    @property
    def trunk(self) -> Box:
        """What carries them."""
        return Box(self.x - 0.017, self.middle + 0.5 * self.ry, self.x + 0.017, self.foot)


@dataclass(frozen=True)
class Street:
    """A scene; ``style``: which of the styles its picture has. Places and sizes in sides of the picture."""

    ground: float
    sun: Point
    clouds: tuple[Point, ...]
    houses: tuple[House, ...]
    trees: tuple[Tree, ...]
    style: int

    @classmethod
    def drawn(cls, dice: Dice, styles: int) -> "Street":
        """A street at random, in one of the first so many styles."""
        ground = dice.between(0.72, 0.78)
        sun = (dice.between(0.1, 0.3), dice.between(0.09, 0.17))
        clouds = tuple((dice.between(0.45 + 0.3 * i, 0.6 + 0.3 * i), dice.between(0.07, 0.2)) for i in range(2))
        count = 2 + dice.one_of(2)
        slot = 1 / count
        houses = tuple(_house(dice, ground, i * slot, slot) for i in range(count))
        gaps = [i * slot for i in range(count + 1)]
        trees = tuple(_tree(dice, ground, gap) for gap in gaps if dice.chance(0.55))
        return cls(ground, sun, clouds, houses, trees, dice.one_of(styles))

    @property
    def pieces(self) -> Iterator[tuple[int, Shape]]:
        """Class and shape of every part, from the back to the front; windows house by house."""
        yield SUN, Disc(*self.sun, 0.062)
        for x, y in self.clouds:
            yield CLOUD, cloud(x, y)
        yield GRASS, Box(-1, self.ground - 0.02, 2, 2)
        yield PAVEMENT, Box(-1, self.ground + KERB, 2, 2)
        yield ROAD, Box(-1, self.ground + ROADSIDE, 2, 2)
        for house in self.houses:
            yield house.wall, house.walls
            yield ROOF, house.roof
            yield WINDOW, house.windows
            yield DOOR, house.entrance
        for tree in self.trees:
            yield TRUNK, tree.trunk
            yield CROWN, tree.crown


def cloud(x: float, y: float) -> Shape:
    """Three puffs."""
    return Either(
        (Ellipse(x, y, 0.085, 0.03), Ellipse(x - 0.025, y - 0.022, 0.042, 0.034), Disc(x + 0.03, y - 0.015, 0.03))
    )


def _house(dice: Dice, ground: float, start: float, slot: float) -> House:
    width = slot * dice.between(0.70, 0.80)
    left = start + (slot - width) * dice.between(0.4, 0.6)
    columns = 2 + dice.one_of(2) if slot > 0.4 else 2
    rows = 2 + dice.one_of(2)
    height = rows * dice.between(0.125, 0.145)
    steep = dice.chance(0.5)
    rise = dice.between(0.11, 0.14) if steep else dice.between(0.07, 0.09)
    slope = 1.0 if steep else 0.3
    top = ground - height
    wall, door = WALLS[dice.one_of(len(WALLS))], dice.one_of(columns)
    return House(left, left + width, top, ground, top - rise, slope, wall, columns, rows, door)


def _tree(dice: Dice, ground: float, x: float) -> Tree:
    x = min(0.95, max(0.05, x + dice.between(-0.02, 0.02)))
    fir = dice.chance(0.5)
    rx = dice.between(0.07, 0.09) if fir else dice.between(0.065, 0.085)
    ry = dice.between(0.11, 0.14) if fir else rx * dice.between(1.0, 1.25)
    foot = ground + dice.between(0.02, 0.045)
    return Tree(x, foot, foot - 0.055 - ry, rx, ry, fir)
