"""Worlds as data: disjoint splits, scenes that do not depend on how they are asked for, and layouts of sources."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from gan_zoo.data.worlds import Faces, Layouts, Textures, World
from gan_zoo.data.worlds.world import Drawing
from gan_zoo.errors import UserError

WORLDS: list[World] = [Faces(), Layouts(styles=4), Textures()]
PAIR = {"a": "a", "b": "b"}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_scenes_differ_and_splits_share_none(world: World) -> None:
    scenes = [world.scene(split, number) for split in ("train", "val", "test") for number in range(300)]
    assert len(set(scenes)) == 900
    other = type(world)(seed=1)
    assert not {other.scene("train", number) for number in range(300)} & set(scenes)
    assert world.scene("test", 5) == scenes[605]


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_every_part_is_drawn_at_any_side(world: World) -> None:
    for part in world.parts:
        for side in (4, 30, 64):
            picture = world.draw(part, "test", 3, side)
            array = np.asarray(picture)
            assert array.shape == ((side, side) if part in world.maps else (side, side, 3))
        assert (np.asarray(world.draw(part, "test", 3, 64)) == array).all()
        assert len(np.unique(array)) > 3


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_sizes_show_the_same(world: World) -> None:
    large = world.pixels("b", world.scene("test", 1), 256)
    reduced = large.reshape(3, 64, 4, 64, 4).mean(axis=(2, 4))
    small = world.pixels("b", world.scene("test", 1), 64)
    assert np.abs(reduced - small).mean() < 0.03


def test_paired_sides_show_the_same_scenes() -> None:
    layout = Faces(train=5, val=2, test=3).layout(PAIR, 16, apart=False)
    assert {name: (len(split.a), len(split.b)) for name, split in layout.splits.items()} == {
        **{"train": (5, 5), "val": (2, 2), "test": (3, 3)}
    }
    for split in layout.splits.values():
        for a, b in zip(split.a, split.b, strict=True):
            assert isinstance(a.reader, Drawing)
            assert isinstance(b.reader, Drawing)
            assert a.reader.scene == b.reader.scene
    assert layout.drawn
    assert layout.found == "cartoon faces in two conventions, drawn"


def test_unpaired_training_shows_no_scene_twice() -> None:
    layout = Faces(train=6, val=2, test=3).layout(PAIR, 16, apart=True)
    numbers = {}
    for name, split in layout.splits.items():
        drawings = [[source.reader for source in side] for side in (split.a, split.b)]
        numbers[name] = [[one.number for one in side if isinstance(one, Drawing)] for side in drawings]
    assert numbers["train"] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert numbers["test"] == [[0, 1, 2], [0, 1, 2]]


def test_sources_know_their_headers_and_names() -> None:
    sides = {"a": "label", "b": "image", "instance": "instance"}
    split = Layouts(train=2).layout(sides, 48, apart=False).splits["train"]
    source, instance = split.a[1], split.more["instance"][1]
    assert source.path == Path("world_layouts/train/label/1")
    assert source.header is not None
    assert (source.header.width, source.header.height, source.header.channels) == (48, 48, 1)
    assert np.asarray(source.reader(source.path)).max() < 14
    assert instance.reader(instance.path).mode == "I"
    assert split.b[0].header is not None
    assert split.b[0].header.channels == 3


def test_readers_travel_to_other_processes() -> None:
    source = Textures().source("b", "test", 4, 32)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = pool.submit(source.reader, source.path).result(timeout=120)
    assert (np.asarray(there) == np.asarray(source.reader(source.path))).all()


def test_mistakes() -> None:
    with pytest.raises(UserError, match=r"world_faces has no pictures of kind label: it has a, b, image"):
        Faces().layout({"a": "label"}, 32, apart=False)
    with pytest.raises(UserError, match=r"data\.world\.train=0: a whole number, 1 or more"):
        Faces(train=0)
    with pytest.raises(UserError, match=r"data\.world\.seed=-1"):
        Textures(seed=-1)
    with pytest.raises(UserError, match=r"data\.world\.styles=5: there are 4"):
        Layouts(styles=5)
