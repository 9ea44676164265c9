"""Creatures: one true translation each way, shape and scene kept."""

from dataclasses import replace

import numpy as np
import pytest

from gan_zoo.data.worlds import Textures
from gan_zoo.data.worlds.textures import HUES, KINDS, Creature, scenery

WORLD = Textures()


def creature(**values: object) -> Creature:
    return replace(WORLD.scene("test", 0), **values)  # type: ignore[arg-type]


def figure(part: str, scene: Creature, side: int = 64) -> np.ndarray:
    """Where the picture is not the empty scene."""
    return np.abs(WORLD.pixels(part, scene, side) - (2 * scenery(scene, side).pixels - 1)).max(axis=0) > 0.03


@pytest.mark.parametrize("kind", range(KINDS))
@pytest.mark.parametrize("hue", range(len(HUES)))
def test_shape_and_scene_are_kept(kind: int, hue: int) -> None:
    scene = creature(kind=kind, hue=hue)
    plain, patterned = figure("a", scene), figure("b", scene)
    assert 0.12 < plain.mean() < 0.5
    assert (plain & patterned).sum() / (plain | patterned).sum() > 0.95
    a, b = WORLD.pixels("a", scene, 64), WORLD.pixels("b", scene, 64)
    assert np.abs(a - b)[:, ~(plain | patterned)].max() <= 0.06  # twice what ``figure`` lets pass


@pytest.mark.parametrize("kind", range(KINDS))
def test_the_pattern_is_one_of_the_kind(kind: int) -> None:
    """Only in b, of two colours, and in the creature's own frame: it moves with it."""
    scene = creature(kind=kind, x=0.5, y=0.56, size=1.0, way=1)
    patterned = WORLD.pixels("b", scene, 64)
    dark = (patterned.max(axis=0) < -0.2) & figure("b", scene)
    assert 0.1 < dark.sum() / figure("b", scene).sum() < 0.6
    moved = WORLD.pixels("b", replace(scene, x=scene.x + 4 / 64, y=scene.y - 2 / 64), 64)
    both = figure("b", scene)[10:-4, 4:-8]
    assert np.abs(moved[:, 8:-6, 8:-4] - patterned[:, 10:-4, 4:-8])[:, both].mean() < 0.03


def test_hues_are_told_in_both_domains() -> None:
    """The mapping of colours is one to one, and the wrong one is far off."""
    for part in ("a", "b"):
        seen = []
        for hue in range(len(HUES)):
            scene = creature(kind=1, hue=hue, shade=0.0, way=1, x=0.5, y=0.56, size=1.0)
            seen.append(WORLD.pixels(part, scene, 64)[:, figure(part, scene)].mean(axis=1))
        apart = [np.abs(one - other).max() for i, one in enumerate(seen) for other in seen[:i]]
        assert min(apart) > 0.1, part


def test_hues_come_in_unlike_numbers() -> None:
    counts = np.bincount([WORLD.scene("train", number).hue for number in range(2000)]) / 2000
    assert np.abs(counts - [0.4, 0.3, 0.2, 0.1]).max() < 0.04


def test_content_is_the_outline() -> None:
    scenes = [WORLD.scene("test", number) for number in range(20)]

    def mean(part: str, pictures: list[np.ndarray]) -> float:
        found = [WORLD.content(part, *pair) for pair in zip(scenes, pictures, strict=True)]
        return float(np.mean([value for value in found if value is not None]))

    for part, other in (("a", "b"), ("b", "a")):
        kinds = [replace(scene, kind=(scene.kind + 1) % KINDS) for scene in scenes]
        assert mean(part, [WORLD.pixels(part, scene, 64) for scene in scenes]) > 0.99
        assert mean(part, [WORLD.pixels(other, scene, 64) for scene in scenes]) > 0.88
        assert mean(part, [WORLD.pixels(part, scene, 64) for scene in kinds]) < 0.65
        assert mean(part, [2 * scenery(scene, 64).pixels - 1 for scene in scenes]) < 0.02
