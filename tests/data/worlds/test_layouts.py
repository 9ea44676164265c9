"""Streets as label maps, objects and pictures: all of the same scene, pictures a function of map and style."""

from dataclasses import replace

import numpy as np
import pytest

from gan_zoo.data.worlds import Layouts, layouts, streets
from gan_zoo.data.worlds.styles import STYLES
from gan_zoo.data.worlds.truth import coarse

WORLD = Layouts(styles=4)


def test_label_maps_hold_every_class_and_no_other() -> None:
    found = np.unique([layouts.label_map(WORLD.scene("train", number), 64) for number in range(20)])
    assert found.tolist() == list(range(len(streets.CLASSES)))


def test_colours_are_those_of_the_classes() -> None:
    scene = WORLD.scene("test", 1)
    labels, picture = layouts.label_map(scene, 48), np.asarray(WORLD.draw("a", "test", 1, 48))
    assert (layouts.COLOURS[labels] == picture).all()
    apart = np.abs(layouts.COLOURS[:, None].astype(int) - layouts.COLOURS[None]).max(axis=2)
    assert apart[~np.eye(len(apart), dtype=bool)].min() > 40


def test_objects_have_numbers_of_their_own() -> None:
    for number in range(10):
        scene = WORLD.scene("test", number)
        labels, things = layouts.label_map(scene, 96), layouts.instance_map(scene, 96)
        assert (np.where(things >= 1000, things // 1000, things) == labels).all()
        assert not np.isin(things[things < 1000], streets.OBJECTS).any()
        windows = sum(house.columns * house.rows - 1 for house in scene.houses)
        assert 0 < len(np.unique(things[labels == streets.WINDOW])) <= windows
        assert len(np.unique(things[labels == streets.DOOR])) <= len(scene.houses)


def test_pictures_follow_from_the_map_and_the_style() -> None:
    """A class's colours repeat from street to street; the four styles are far from each other."""
    scenes = [WORLD.scene("test", number) for number in range(12)]
    means = np.full((len(STYLES), len(scenes), len(streets.CLASSES), 3), np.nan)
    for i, style in enumerate(STYLES):
        for j, scene in enumerate(scenes):
            picture, labels = layouts.rendered(scene, 64, style).pixels, layouts.label_map(scene, 64)
            for label in np.unique(labels):
                means[i, j, label] = picture[:, labels == label].mean(axis=1)
    within = np.nanstd(means, axis=1)
    assert np.nanmedian(within) < 0.05
    for scene in scenes:
        seen = [coarse(WORLD.pixels("b", one, 64)) for one in WORLD.renderings("b", scene)]
        assert min(np.abs(one - other).mean() for i, one in enumerate(seen) for other in seen[:i]) > 0.25


def test_there_is_more_to_learn_than_a_colour_for_each_class() -> None:
    """Light, shadow and texture: the mean colour of each label is far from the picture."""
    scenes = [WORLD.scene("test", number) for number in range(20)]
    labels = np.stack([layouts.label_map(scene, 64) for scene in scenes])
    pictures = np.stack([2 * layouts.rendered(scene, 64, STYLES[0]).pixels - 1 for scene in scenes])
    error = 0.0
    for label in np.unique(labels):
        seen = pictures.transpose(0, 2, 3, 1)[labels == label]
        error += np.abs(seen - seen.mean(axis=0)).sum()
    assert error / pictures.size > 0.12


@pytest.mark.parametrize("part", ["a", "b"])
def test_content_is_kept_by_true_pictures_only(part: str) -> None:
    scene, other = WORLD.scene("test", 0), replace(WORLD.scene("test", 1), style=WORLD.scene("test", 0).style)
    assert WORLD.content(part, scene, WORLD.pixels(part, scene, 64)) == 1
    assert WORLD.content(part, scene, WORLD.pixels(part, other, 64)) < 0.75
    assert WORLD.content(part, scene, np.zeros((3, 64, 64), dtype=np.float32)) < 0.3


def test_styles_are_the_renderings_of_pictures_alone() -> None:
    scene = WORLD.scene("test", 0)
    assert [one.style for one in WORLD.renderings("b", scene)] == [0, 1, 2, 3]
    assert WORLD.renderings("a", scene) == [scene]
    assert len(Layouts().renderings("b", scene)) == 1
    assert WORLD.style(scene) == scene.style
