"""Streets as label maps, maps of objects, and pictures in one of four known styles.

Whatever a picture shows follows from the label map and the style: walls, roofs and leaves have their class's texture,
anchored at the part's own corner; the light comes from the left, and shadows fall to the right.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_zoo.data.maps import as_image
from gan_zoo.data.options import positive
from gan_zoo.data.worlds import streets
from gan_zoo.data.worlds.canvas import Canvas, Colour, Colours, Ids, Paint, everywhere, held
from gan_zoo.data.worlds.colours import around, down, lit, slanted, web
from gan_zoo.data.worlds.shapes import Box, Disc, Ellipse, Lattice, Plane, Polygon
from gan_zoo.data.worlds.streets import House, Street, Tree, cloud
from gan_zoo.data.worlds.styles import STYLES, Style
from gan_zoo.data.worlds.world import Pixels, World
from gan_zoo.errors import UserError

PALETTE = (  # of the classes, for label maps as pictures
    *("8fd3f4", "ffe14d", "f2f6fa", "5fc24a", "c9c2d9", "5a5470", "d6453d", "f5c98a", "3f6fd1"),
    *("8c3b78", "1fe0c8", "f58220", "1f7a34", "6b4423"),
)


def label_map(street: Street, side: int) -> npt.NDArray[np.int32]:
    """side x side ids of classes."""
    ids = Ids(side, streets.SKY)
    for label, shape in street.pieces:
        ids.write(shape, label)
    return ids.numbers


def instance_map(street: Street, side: int) -> npt.NDArray[np.int32]:
    """side x side ids of things: the class where it is one thing, else 1000 times the class and a number."""
    ids, count = Ids(side, streets.SKY), 0
    for label, shape in street.pieces:
        for one in shape.each() if isinstance(shape, Lattice) else [shape]:
            count += 1
            ids.write(one, 1000 * label + count if label in streets.OBJECTS else label)
    return ids.numbers


def coloured(street: Street, side: int) -> npt.NDArray[np.uint8]:
    """side x side x 3: the label map in ``PALETTE``."""
    return COLOURS[label_map(street, side)]


COLOURS = np.array([[round(255 * value) for value in web(text)] for text in PALETTE], dtype=np.uint8)


def rendered(street: Street, side: int, style: Style) -> Canvas:
    """The street's picture."""
    canvas = Canvas(side, down(style.high, style.low, 0.0, 0.62))
    (x, y), ground = street.sun, street.ground
    canvas.paint(Disc(x, y, 0.2), style.glow, 0.6, 0.4)
    canvas.paint(Disc(x, y, 0.062), around(lit(style.sun, 1.3), style.sun, x, y, 0.06))
    for x, y in street.clouds:
        canvas.paint(cloud(x, y), down(lit(style.cloud, 1.05), lit(style.cloud, 0.84), y - 0.05, y + 0.03))
    _ground(canvas, ground, style)
    road = ground + streets.ROADSIDE
    for house in street.houses:
        left, right, reach = house.left, house.right, 0.5 * (house.bottom - house.top)
        lies = ((left + 0.03, ground), (right, ground), (right + reach, road), (left + reach, road))
        canvas.paint(Polygon(lies), SHADOW, 1 - style.shadow, 0.012)
    for house in street.houses:
        _house(canvas, house, style)
    for tree in street.trees:
        _tree(canvas, tree, style)
    return canvas


T = TypeVar("T")
SHADOW: Colour = (0.05, 0.05, 0.16)


def _ground(canvas: Canvas, ground: float, style: Style) -> None:
    kerb, road = ground + streets.KERB, ground + streets.ROADSIDE
    canvas.paint(
        Box(-1, ground - 0.02, 2, 2), down(lit(style.grass, 1.15), lit(style.grass, 0.72), ground - 0.02, kerb)
    )
    canvas.paint(Box(-1, kerb, 2, 2), down(lit(style.pavement, 1.1), lit(style.pavement, 0.75), kerb, road))
    canvas.paint(Box(-1, road, 2, 2), down(lit(style.road, 0.7), lit(style.road, 1.22), road, 1.0))
    canvas.paint(Box(-1, road, 2, road + 0.011), lit(style.pavement, 0.6))
    middle = (road + 1.0) / 2
    canvas.paint(Lattice(Box(0.06, middle - 0.008, 0.19, middle + 0.008), 4, 1, 0.25, 1.0), lit(style.frame, 0.95), 0.8)


def _house(canvas: Canvas, house: House, style: Style) -> None:
    wall = streets.WALLS.index(house.wall)
    canvas.paint(house.walls, TEXTURES[wall](house, style.walls[wall]))
    canvas.paint(house.roof, _tiles(house, style))
    canvas.paint(house.windows, _panes(house, style, canvas.side))
    door = house.entrance
    canvas.paint(door, lit(style.frame, 0.9))
    panel = Box(door.left + 0.009, door.top + 0.009, door.right - 0.009, door.bottom)
    canvas.paint(panel, down(lit(style.door, 1.15), lit(style.door, 0.75), door.top, door.bottom))
    canvas.paint(Disc(door.right - 0.021, (door.top + door.bottom) / 2 + 0.008, 0.0075), web("f5c84a"))


def _panes(house: House, style: Style, side: int) -> Paint:
    """Glass behind a frame and a cross, the same in every window of a house."""
    pane, windows = house.pane, house.windows
    middle, high = (pane.left + pane.right) / 2, pane.top + 0.42 * (pane.bottom - pane.top)
    glass = Box(pane.left + 0.009, pane.top + 0.009, pane.right - 0.009, pane.bottom - 0.009)
    frame = everywhere(style.frame)
    light = slanted(style.glass, style.shine, (glass.left, glass.bottom), (glass.right, glass.top))

    def paint(x: Plane, y: Plane) -> Colours:
        x, y = windows.folded(x, y)
        bars = np.minimum(np.abs(x - middle), np.abs(y - high)) - np.float32(0.004)
        inside = held(np.minimum(bars, -glass.distance(x, y)) * side + np.float32(0.5))
        return np.asarray(frame + inside * (light(x, y) - frame))

    return paint


def _tiles(house: House, style: Style) -> Paint:
    colour = style.roof
    light, dark = lit(colour, 1.25 - 0.25 * style.snow), lit(colour, 0.68 + 0.14 * style.snow)
    base = slanted(light, dark, (house.left, house.ridge), (house.right, house.top))

    def paint(x: Plane, y: Plane) -> Colours:
        rows = _saw((house.top - y) / 0.036)
        return np.asarray(base(x, y) * (1 - np.float32(0.3 - 0.2 * style.snow) * (1 - rows)))

    return paint


def _light(house: House, colour: Colour) -> Paint:
    """Light from the left above, and the shadow of the eaves."""
    light = slanted(lit(colour, 1.2), lit(colour, 0.7), (house.left, house.top), (house.right, house.bottom))

    def paint(x: Plane, y: Plane) -> Colours:
        eaves = held((y - house.top) * 20) * np.float32(0.45) + np.float32(0.55)
        return np.asarray(light(x, y) * eaves)

    return paint


def _bricks(house: House, colour: Colour) -> Paint:
    base = _light(house, colour)

    def paint(x: Plane, y: Plane) -> Colours:
        rows = (house.bottom - y) / 0.0325
        columns = (x - house.left) / 0.065 + 0.5 * (np.floor(rows) % 2)
        joints = np.maximum(_line(rows, 0.16), _line(columns, 0.08))
        return np.asarray(base(x, y) * (1 - np.float32(0.28) * joints))

    return paint


def _boards(house: House, colour: Colour) -> Paint:
    base = _light(house, colour)
    return lambda x, y: np.asarray(base(x, y) * (0.8 + np.float32(0.2) * _saw((house.bottom - y) / 0.045)))


TEXTURES = (_bricks, _light, _boards)


def _saw(periods: Plane) -> Plane:
    return np.asarray(periods - np.floor(periods), dtype=np.float32)


def _line(periods: Plane, half: float) -> Plane:
    """1 at whole numbers, 0 from ``half`` away on, straight in between."""
    return np.asarray(np.maximum(0, 1 - np.abs(periods - np.rint(periods)) / half), dtype=np.float32)


def _tree(canvas: Canvas, tree: Tree, style: Style) -> None:
    canvas.paint(Ellipse(tree.x + 0.05, tree.foot + 0.004, 0.095, 0.017), SHADOW, 1 - style.shadow, 0.015)
    canvas.paint(tree.trunk, lit(style.trunk, 1.0))
    top, right = tree.middle - tree.ry, tree.x + tree.rx
    light, dark = lit(style.leaves, 1.35), lit(style.leaves, 0.5 + 0.25 * style.snow)
    canvas.paint(tree.crown, slanted(light, dark, (tree.x - 0.6 * tree.rx, top), (right, tree.middle + tree.ry)))


@dataclass(frozen=True)
class Layouts(World):
    """Label maps (a, in colours; label; instance) and pictures of the same streets (b, image), in the first so many of
    ``STYLES``, each as often."""

    styles: int = 1

    name = "world_layouts"
    words = "streets as label maps and pictures"
    parts = MappingProxyType(
        {
            "a": lambda _, street, side: Image.fromarray(coloured(street, side)),
            "b": lambda _, street, side: rendered(street, side, STYLES[street.style]).picture(),
            "label": lambda _, street, side: as_image(label_map(street, side).astype(np.uint8)),
            "instance": lambda _, street, side: as_image(instance_map(street, side)),
            "image": lambda _, street, side: rendered(street, side, STYLES[street.style]).picture(),
        }
    )
    maps = frozenset({"label", "instance"})

    def __post_init__(self) -> None:
        super().__post_init__()
        if positive("data.world.styles", self.styles) > len(STYLES):
            raise UserError(f"data.world.styles={self.styles}: there are {len(STYLES)}")

    def scene(self, split: str, number: int) -> Street:  # noqa: D102
        return Street.drawn(self.dice(split, number), self.styles)

    def alternatives(self, scene: Street) -> Iterator[tuple[str, list[Street]]]:
        """Of each house its wall, windows and door; of each tree whether it is there, and its kind."""
        for place, house in enumerate(scene.houses):
            walls = [replace(house, wall=wall) for wall in streets.WALLS if wall != house.wall]
            columns = 5 - house.columns  # two or three
            windows = replace(house, columns=columns, door=min(house.door, columns - 1))
            doors = [replace(house, door=door) for door in range(house.columns) if door != house.door]
            for name, others in (("wall", walls), ("windows", [windows]), ("door", doors)):
                yield name, [replace(scene, houses=_exchanged(scene.houses, place, other)) for other in others]
        for place, tree in enumerate(scene.trees):
            yield "tree", [replace(scene, trees=scene.trees[:place] + scene.trees[place + 1 :])]
            other = replace(tree, fir=not tree.fir)
            yield "crown", [replace(scene, trees=_exchanged(scene.trees, place, other))]

    def renderings(self, part: str, scene: Street) -> list[Street]:  # noqa: D102
        return [replace(scene, style=style) for style in range(self.styles)] if part in ("b", "image") else [scene]

    def style(self, scene: Street) -> int:  # noqa: D102
        return scene.style

    def content(self, part: str, scene: Street, picture: Pixels) -> float | None:
        """Of label maps in colours, the share of pixels whose nearest colour is their class's; of pictures, the share
        of classes whose mean colour is nearer to their own true one than to any other class's."""
        side = picture.shape[-1]
        labels = label_map(scene, side)
        if part == "a":
            colours = (COLOURS / np.float32(127.5) - 1)[:, :, None, None]
            away = [np.abs(picture - colour).sum(axis=0) for colour in colours]
            return float((np.argmin(away, axis=0) == labels).mean())
        true = 2 * rendered(scene, side, STYLES[scene.style]).pixels - 1
        present = np.unique(labels)
        own = np.stack([picture[:, labels == label].mean(axis=1) for label in present])
        known = np.stack([true[:, labels == label].mean(axis=1) for label in present])
        nearest = np.abs(own[:, None] - known[None]).sum(axis=2).argmin(axis=1)
        return float((nearest == np.arange(len(present))).mean())


def _exchanged(things: tuple[T, ...], place: int, other: T) -> tuple[T, ...]:
    return (*things[:place], other, *things[place + 1 :])
