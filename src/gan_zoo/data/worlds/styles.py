"""The four styles in which streets are painted: day, dusk, night and snow."""

from dataclasses import dataclass

from gan_zoo.data.worlds.canvas import Colour
from gan_zoo.data.worlds.colours import web


@dataclass(frozen=True)
class Style:
    """A style's colours. ``shadow``: the light that is left in a shadow; ``snow``: how white roofs and trees are."""

    name: str
    shadow: float
    snow: float
    high: Colour  # of the sky
    low: Colour
    sun: Colour
    glow: Colour
    cloud: Colour
    grass: Colour
    pavement: Colour
    road: Colour
    brick: Colour
    plaster: Colour
    boards: Colour
    roof: Colour
    frame: Colour  # of windows and doors
    glass: Colour
    shine: Colour  # what the glass becomes towards its right upper corner
    door: Colour
    leaves: Colour
    trunk: Colour

    @property
    def walls(self) -> tuple[Colour, Colour, Colour]:
        """In the order of ``streets.WALLS``."""
        return self.brick, self.plaster, self.boards


_NAMES = ("day", "dusk", "night", "snow")
_SHADOWS, _SNOW = (0.55, 0.5, 0.6, 0.72), (0.0, 0.0, 0.0, 1.0)
_COLOURS = {
    "high": ("3f8fdc", "5a3d8f", "0b1236", "a9bfd0"),
    "low": ("d8f0ff", "ff9d5c", "2b3f7d", "eef3f7"),
    "sun": ("fff2a8", "ffe08a", "f4f1d0", "fffdf0"),
    "glow": ("fffbe0", "ffd27a", "5d6fb0", "ffffff"),
    "cloud": ("ffffff", "ffb08a", "3a4a86", "ffffff"),
    "grass": ("7cc155", "a08a45", "1f4a44", "f4f8fc"),
    "pavement": ("cfc6b4", "b98f86", "45507a", "dfe6ee"),
    "road": ("6d6f7c", "5c4a62", "23283f", "9aa7b8"),
    "brick": ("d0603f", "b04a3f", "5a2f4a", "a8706a"),
    "plaster": ("f0d49a", "e8a86a", "5f5a78", "dcd3c6"),
    "boards": ("6f9fd0", "8a6a9f", "2f4a86", "8fa9c0"),
    "roof": ("a8473f", "7a2f4a", "2c2446", "f2f6fb"),
    "frame": ("fbf7ec", "ffe3c2", "8f8fb8", "ffffff"),
    "glass": ("2f5f94", "7a3f6a", "ffdf7a", "4a6a86"),
    "shine": ("bfe6f7", "ffc46b", "fff3c0", "c4d8e6"),
    "door": ("7a3b2c", "5a2638", "3a2338", "6a4a44"),
    "leaves": ("4fa03c", "9a7a2f", "174034", "c9dbe2"),
    "trunk": ("7a5230", "5c3a30", "2a2336", "6a5a52"),
}
STYLES = tuple(
    Style(name, _SHADOWS[i], _SNOW[i], **{part: web(row[i]) for part, row in _COLOURS.items()})
    for i, name in enumerate(_NAMES)
)
