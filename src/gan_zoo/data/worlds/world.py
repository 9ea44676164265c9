"""What a world is: scenes by number, each drawn as several pictures that show the same."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gan_zoo.data.folders import Layout, Source, Split
from gan_zoo.data.images import Header, Picture
from gan_zoo.data.options import not_negative, positive
from gan_zoo.data.worlds.scenes import Dice
from gan_zoo.errors import UserError

Pixels = npt.NDArray[np.float32]  # 3 x H x W in [-1, 1]
Part = Callable[[Any, Any, int], Picture]  # the world, a scene of it, the side in pixels


@dataclass(frozen=True)
class World(ABC):
    """Scenes drawn from (seed, split, number): nothing is stored, and no two splits share a scene.

    ``train``, ``val``, ``test``: how many scenes a split has; unpaired training has so many of either domain, and none
    in both. ``parts``: what may be drawn of a scene; "a" and "b" are the two domains.
    """

    seed: int = 0
    train: int = 4096
    val: int = 64
    test: int = 512

    name: ClassVar[str]
    words: ClassVar[str]
    parts: ClassVar[Mapping[str, Part]]
    maps: ClassVar[frozenset[str]] = frozenset()  # those parts that hold a number a pixel

    def __post_init__(self) -> None:
        not_negative("data.world.seed", self.seed)
        for name, count in self.counts.items():
            positive(f"data.world.{name}", count)

    @property
    def counts(self) -> dict[str, int]:
        """Scenes by split."""
        return {"train": self.train, "val": self.val, "test": self.test}

    @abstractmethod
    def scene(self, split: str, number: int) -> Any:
        """The scene of that number; any number from 0 on."""

    def dice(self, split: str, number: int) -> Dice:
        """What a scene is drawn with."""
        return Dice(self.name, self.seed, split, number)

    @abstractmethod
    def alternatives(self, scene: Any) -> Iterator[tuple[str, list[Any]]]:
        """For each attribute of a scene by name, the same scene with its other values. Names may come repeatedly."""

    def renderings(self, part: str, scene: Any) -> list[Any]:
        """The scenes whose pictures are equally true: one, unless a part has styles that the other part does not
        tell."""
        return [scene]

    def style(self, scene: Any) -> int:
        """Which of its ``renderings`` a scene is."""
        return 0

    def labels(self, scene: Any) -> dict[str, bool]:
        """A scene's attributes that are there or not."""
        return {}

    def content(self, part: str, scene: Any, picture: Pixels) -> float | None:
        """How much of a scene's layout or shape a picture (3 x H x H in [-1, 1]) has kept, 0 to 1; None: not known."""
        return None

    def draw(self, part: str, split: str, number: int, side: int) -> Picture:
        """A picture of a scene, ``side`` x ``side`` pixels: 8-bit RGB, or a map of ids."""
        return self.parts[part](self, self.scene(split, number), side)

    def pixels(self, part: str, scene: Any, side: int) -> Pixels:
        """A picture in colours as batches have it: 3 x side x side in [-1, 1], of 8 bits."""
        array = np.asarray(self.parts[part](self, scene, side), dtype=np.float32)
        return np.ascontiguousarray(array.transpose(2, 0, 1)) / np.float32(127.5) - 1

    def layout(self, sides: Mapping[str, str], side: int, *, apart: bool) -> Layout:
        """All pictures, ``side`` x ``side`` pixels; ``sides``: which part stands on which side of a split.

        ``apart``: the two domains of training show different scenes. Raises ``UserError`` for a part that is not known.
        """
        if missing := set(sides.values()) - set(self.parts):
            raise UserError(f"{self.name} has no pictures of kind {sorted(missing)[0]}: it has {', '.join(self.parts)}")
        splits = {}
        for split, count in self.counts.items():
            found = {}
            for place, part in sides.items():
                first = count if apart and split == "train" and place == "b" else 0
                found[place] = tuple(self.source(part, split, first + i, side) for i in range(count))
            splits[split] = Split(found.pop("a"), found.pop("b", ()), found)
        return Layout(Path(self.name), f"{self.words}, drawn", splits, drawn=True)

    def source(self, part: str, split: str, number: int, side: int) -> Source:
        """One picture, by the name ``faces/train/a/17``."""
        header = Header(side, side, 1 if part in self.maps else 3, 8)
        path = Path(self.name, split, part, str(number))
        return Source(path, reader=Drawing(self, part, split, number, side), header=header)


@dataclass(frozen=True)
class Drawing:
    """The reader of a picture that has no file."""

    world: World
    part: str
    split: str
    number: int
    side: int

    @property
    def scene(self) -> Any:
        """What it shows."""
        return self.world.scene(self.split, self.number)

    def __call__(self, path: Path) -> Picture:
        """The picture; ``path`` is its name only."""
        return self.world.draw(self.part, self.split, self.number, self.side)
