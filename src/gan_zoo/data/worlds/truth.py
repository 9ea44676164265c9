"""How far pictures are from the true translations of a world's scenes.

What a picture shows is recovered by drawing: a scene is drawn with each value that an attribute may have, and where
those drawings differ, the picture is held against each of them. The nearest one is the recovered value; the distance
from the true one, in units of the true one's distance from the others, is the error: 0 for the true picture, 1 (where
it ends) for one that is as wrong there as another value would be.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from gan_zoo.data.folders import Source
from gan_zoo.data.worlds.readings import Reading, fitted
from gan_zoo.data.worlds.world import Drawing, Pixels, World
from gan_zoo.errors import UserError

COARSE = 16  # pixels: at this side there is neither texture nor fine outlines, and half a stripe off counts for little
CLEAR = 0.5  # a picture is clearly in a style if it is at most half as far from it as from the next one
DIFFERS = 0.05  # of [-1, 1]: drawings of two values differ where a channel does by more than this


class Way(NamedTuple):
    """One direction of translation: its inputs, and the part of a scene that an output should be."""

    inputs: Sequence[Drawing]
    part: str


@dataclass(frozen=True)
class Value:
    """An attribute's true drawing against those of its other values: where they differ, and how much on average."""

    name: str
    where: npt.NDArray[np.bool_]  # H x W
    true: Pixels  # 3 x M, the pixels where they differ
    others: Sequence[Pixels]
    apart: float

    def error(self, picture: Pixels) -> float:
        """Of a picture, 0 to 1."""
        return min(1.0, _distance(picture[:, self.where], self.true) / self.apart)

    def recovered(self, picture: Pixels) -> bool:
        """Whether the true value is the nearest one."""
        seen = picture[:, self.where]
        return _distance(seen, self.true) < min(_distance(seen, other) for other in self.others)


class Truth:
    """The true translations of one split's scenes, which any pictures can be held against.

    ``a``, ``b``: the sources of the two sides, as batches have them (in direction ba exchanged already); outputs in
    the way "ab" are translations of ``a``. Positions are those of the split, in order.
    """

    def __init__(self, world: World, a: Sequence[Source], b: Sequence[Source] = ()) -> None:
        self.world = world
        sides = {"a": _drawings(a), "b": _drawings(b)}
        self.sides = {name: side for name, side in sides.items() if side}
        self.ways = {
            here + there: Way(self.sides[here], self.sides[there][0].part)
            for here, there in (("a", "b"), ("b", "a"))
            if {here, there} <= set(self.sides) and self.sides[there][0].part not in world.maps
        }

    def __len__(self) -> int:
        return max(map(len, self.sides.values()))

    def scene(self, side: str, position: int) -> Any:
        """The scene that the picture of a side ("a", "b") at a position shows."""
        return self._drawing(side, position).scene

    def labels(self, positions: Sequence[int], side: str = "a") -> dict[str, Tensor]:
        """What the scenes of a side are by their binary attributes: (N,) bool for each."""
        found = [self.world.labels(self.scene(side, position)) for position in positions]
        return {name: torch.tensor([labels[name] for labels in found]) for name in (found[0] if found else {})}

    def reading(self, side: int) -> Reading:
        """Tells the attributes of ``labels`` from any pictures like those of side a, at ``side`` px."""
        return fitted(self.world, side, self.sides["a"][0].part)

    def styles(self, way: str, positions: Sequence[int]) -> Tensor:
        """(N,) int64: which of its true renderings the partner at each position is."""
        there = way[1]
        return torch.tensor([self.world.style(self.scene(there, position)) for position in positions])

    def targets(self, way: str, positions: Sequence[int], side: int) -> Tensor:
        """(N, C, side, side) in [-1, 1]: the true translation of the inputs at these positions.

        Of several styles it is in the input's scene's own.
        """
        found = self._way(way)
        inputs = [self._drawing(way[0], position) for position in positions]
        drawn = [self._draw(found.part, one.scene, side) for one in inputs]
        return torch.from_numpy(np.stack(drawn))

    def score(
        self,
        translations: Mapping[str, Tensor],
        positions: Sequence[int],
        asked: Mapping[str, Tensor] | None = None,
    ) -> dict[str, float]:
        """Means of ``measures`` over the pictures, by the same names; and ``..._of_identity``: in units of what the
        inputs themselves would get, where those are pictures."""
        means = {name: values.mean().item() for name, values in self.measures(translations, positions, asked).items()}
        for name, own in list(means.items()):
            left = means.pop(f"identity_{name}", None)
            if left is not None and left > 0:
                means[name.replace("/", "_of_identity/")] = own / left
        return {f"truth_{name}": value for name, value in sorted(means.items())}

    def measures(
        self,
        translations: Mapping[str, Tensor],
        positions: Sequence[int],
        asked: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """``<measure>/<way>`` of each input, (N,) float64; means over any batches and ranks are means of these.

        - ``l1``: mean absolute error to the true translation (to the nearest one, where it may have several styles), of
          [-1, 1]; ``l1_16px``: of both pictures' means over a grid of 16 x 16;
        - ``attributes``: mean error of the attributes, 0 to 1; ``recovered``: the share of them that are the true ones;
        - ``domain``: the share of pictures nearer to the true translation than to the input, where that is a picture;
        - ``content``: how much of the layout or the shape is where it was, 0 to 1, where the world knows;
        - ``style_accuracy``: the share of pictures that are clearly in one of the styles (in the one that was asked
          for); ``style_coverage``: the share of the styles that an input's pictures are clearly in.

        Args:
            translations: by way ("ab", "ba") pictures in [-1, 1], (N, 3, H, H), or (N, S, 3, H, H) for several each.
            positions: N positions in the split.
            asked: by way the styles that were asked for, (N,) or (N, S) int64.

        Raises:
            UserError: a way that these data do not have, or pictures that are not square or not in colours.
            ValueError: pictures and positions that are not as many.
        """
        found: dict[str, list[float]] = defaultdict(list)
        for way, images in translations.items():
            pictures = _stacked(images)
            if len(pictures) != len(positions):
                raise ValueError(f"{len(pictures)} pictures for {len(positions)} positions")
            wanted = None if asked is None or way not in asked else asked[way].reshape(len(pictures), -1).tolist()
            for number, position in enumerate(positions):
                styles = wanted[number] if wanted is not None else [None] * len(pictures[number])
                for name, value in self._measured(way, position, pictures[number], styles).items():
                    found[f"{name}/{way}"].append(value)
        return {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}

    def renderings(self, way: str, position: int, side: int) -> Pixels:
        """The true pictures of an input in all styles: S x 3 x side x side."""
        judge = Judge(self.world, self._way(way).part, self._drawing(way[0], position).scene, side)
        return np.stack(judge.drawn)

    def styled(self, way: str, images: Tensor, positions: Sequence[int]) -> dict[str, float]:
        """Means of ``measures``' two about styles alone, without the rest, which takes much longer: of the share of
        an input's pictures (N, S, 3, H, H) that are clearly in a style, and of the share of the styles they are in."""
        shares, covered = [], []
        for position, pictures in zip(positions, _stacked(images), strict=True):
            judge = Judge(self.world, self._way(way).part, self._drawing(way[0], position).scene, pictures.shape[-1])
            shares.append(float(np.mean([judge.style(picture) is not None for picture in pictures])))
            covered.append(judge.covered(pictures))
        means = {"accuracy": np.mean(shares), "coverage": np.mean(covered)}
        return {f"truth_style_{name}/{way}": float(mean) for name, mean in means.items()}

    def _measured(
        self, way: str, position: int, pictures: Sequence[Pixels], asked: Sequence[int | None]
    ) -> dict[str, float]:
        source, part = self._drawing(way[0], position), self._way(way).part
        judge = Judge(self.world, part, source.scene, pictures[0].shape[-1], self._input(source, pictures[0]))
        each = [judge.measured(picture, style) for picture, style in zip(pictures, asked, strict=True)]
        means = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
        if judge.many and len(pictures) > 1:
            means["style_coverage"] = judge.covered(pictures)
        if judge.source is not None:
            own = judge.measured(judge.source, None)
            means |= {f"identity_{name}": own[name] for name in ("l1_16px", "attributes")}
        return means

    def _input(self, source: Drawing, like: Pixels) -> Pixels | None:
        return None if source.part in self.world.maps else self._draw(source.part, source.scene, like.shape[-1])

    def _draw(self, part: str, scene: Any, side: int) -> Pixels:
        return self.world.pixels(part, scene, side)

    def _drawing(self, side: str, position: int) -> Drawing:
        drawings = self.sides[side]
        return drawings[position % len(drawings)]

    def _way(self, way: str) -> Way:
        if way not in self.ways:
            raise UserError(f"{self.world.name} has no true translations in the way {way!r}: {', '.join(self.ways)}")
        return self.ways[way]


class Judge:
    """Holds pictures against one scene's true picture, ``side`` x ``side``.

    ``source``: the input, if it is a picture.
    """

    def __init__(self, world: World, part: str, scene: Any, side: int, source: Pixels | None = None) -> None:
        self.world, self.part, self.side, self.source = world, part, side, source
        self.renderings = world.renderings(part, scene)
        self.drawn = [world.pixels(part, one, side) for one in self.renderings]
        self.coarse = [coarse(picture) for picture in self.drawn]
        self.known: dict[int, list[Value]] = {}

    @property
    def many(self) -> bool:
        """Whether there are several styles."""
        return len(self.renderings) > 1

    def measured(self, picture: Pixels, asked: int | None) -> dict[str, float]:
        """All measures of one picture."""
        distances = self._distances(picture)
        nearest = int(np.argmin(distances))
        values = self._values(nearest)
        found = {
            "l1": _distance(picture, self.drawn[nearest]),
            "l1_16px": distances[nearest],
            "attributes": float(np.mean([value.error(picture) for value in values])),
            "recovered": float(np.mean([value.recovered(picture) for value in values])),
        }
        content = self.world.content(self.part, self.renderings[nearest], picture)
        if content is not None:
            found["content"] = content
        if self.source is not None:
            found["domain"] = float(found["l1"] < _distance(picture, self.source))
        if self.many:
            style = self.style(picture)
            found["style_accuracy"] = float(style is not None and asked in (None, style))
        return found

    def style(self, picture: Pixels) -> int | None:
        """The style that a picture is clearly in."""
        distances = self._distances(picture)
        nearest, next_one = np.argsort(distances)[:2]
        return int(nearest) if distances[nearest] <= CLEAR * distances[next_one] else None

    def covered(self, pictures: Sequence[Pixels]) -> float:
        """The share of the styles that some of the pictures are clearly in."""
        return len({self.style(picture) for picture in pictures} - {None}) / len(self.renderings)

    def _distances(self, picture: Pixels) -> list[float]:
        own = coarse(picture)
        return [_distance(own, other) for other in self.coarse]

    def _values(self, rendering: int) -> list[Value]:
        if rendering not in self.known:
            self.known[rendering] = self._compared(self.renderings[rendering], self.drawn[rendering])
        return self.known[rendering]

    def _compared(self, scene: Any, true: Pixels) -> list[Value]:
        found = [
            _value(name, true, [self.world.pixels(self.part, other, self.side) for other in others])
            for name, others in self.world.alternatives(scene)
        ]
        return [value for value in found if value is not None]


def _value(name: str, true: Pixels, others: Sequence[Pixels]) -> Value | None:
    """None where the drawings do not differ: something else stands in front of the attribute."""
    where = np.zeros(true.shape[1:], dtype=bool)
    others = [other for other in others if (np.abs(other - true) > DIFFERS).any()]
    for other in others:
        where |= (np.abs(other - true) > DIFFERS).any(axis=0)
    if not others:
        return None
    seen = [other[:, where] for other in others]
    return Value(name, where, true[:, where], seen, float(np.mean([_distance(true[:, where], one) for one in seen])))


def coarse(picture: Pixels) -> Pixels:
    """Means over a grid of 16 x 16."""
    found: Pixels = adaptive_avg_pool2d(torch.from_numpy(picture), COARSE).numpy()
    return found


def _distance(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one - other).mean())


def _stacked(images: Tensor) -> npt.NDArray[np.float32]:
    """N x S x 3 x H x H. Raises ``UserError``."""
    images = images if images.ndim == 5 else images[:, None]
    if images.ndim != 5 or images.shape[2] != 3 or images.shape[-1] != images.shape[-2]:
        raise UserError(f"pictures of shape {tuple(images.shape)} cannot be held against a world's: square, in colours")
    return images.detach().float().cpu().numpy()


def _drawings(sources: Sequence[Source]) -> list[Drawing]:
    return [source.reader for source in sources if isinstance(source.reader, Drawing)]
