"""Faces: every attribute shows in both conventions, and what is not an attribute stays."""

from dataclasses import replace

import numpy as np
import pytest

from gan_zoo.data.worlds import Faces
from gan_zoo.data.worlds.faces import HAIR, Face
from gan_zoo.errors import UserError

WORLD = Faces()
PLAIN = Face(
    x=0.5,
    y=0.5,
    size=1.0,
    turn=0.8,
    hair=3,
    skin=0,
    iris=2,
    shirt=1,
    background=4,
    awake=True,
    laughing=False,
    glasses=False,
    long_hair=False,
)
CHANGES = {
    **{"hair": 0, "skin": 3, "iris": 0, "shirt": 3, "background": 1, "turn": -0.8},
    **{"awake": False, "laughing": True, "glasses": True, "long_hair": True, "x": 0.53, "y": 0.48, "size": 0.95},
}


def changed(part: str, name: str, side: int = 64) -> np.ndarray:
    """Where a change of one attribute shows."""
    before, after = (WORLD.pixels(part, face, side) for face in (PLAIN, replace(PLAIN, **{name: CHANGES[name]})))
    return np.abs(before - after).max(axis=0) > 0.1


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("part", ["a", "b"])
def test_every_attribute_shows_in_both_conventions(part: str, name: str) -> None:
    assert changed(part, name).sum() >= 12


def test_attributes_stay_where_they_belong() -> None:
    for part in ("a", "b"):
        assert not changed(part, "shirt")[:40].any()
        assert not changed(part, "iris")[:20].any()
        assert not changed(part, "laughing")[:30].any()
        assert changed(part, "background")[:3].all()


def test_the_conventions_differ_in_shape() -> None:
    """The heads are not those of the other convention in other colours: the outline of the hair and the eyes move."""
    hair = {part: changed(part, "hair") for part in ("a", "b")}
    assert (hair["a"] ^ hair["b"]).sum() > 0.8 * (hair["a"] & hair["b"]).sum()
    assert changed("b", "iris").sum() > 4 * changed("a", "iris").sum()


def test_hair_is_known_by_its_colour() -> None:
    for part, places in (("a", (15, 32)), ("b", (20, 32))):
        seen = [WORLD.pixels(part, replace(PLAIN, hair=hair), 64)[:, places[0], places[1]] for hair in range(len(HAIR))]
        apart = [np.abs(one - other).max() for i, one in enumerate(seen) for other in seen[:i]]
        assert min(apart) > 0.15, part


def test_attributes_are_independent_and_balanced() -> None:
    labels = [WORLD.labels(WORLD.scene("train", number)) for number in range(1000)]
    table = np.array([list(label.values()) for label in labels], dtype=float)
    assert ((table.mean(axis=0) > 0.25) & (table.mean(axis=0) < 0.75)).all()
    correlations = np.corrcoef(table.T) - np.eye(table.shape[1])
    assert np.abs(correlations).max() < 0.12


def test_labels_are_the_scene_s() -> None:
    assert WORLD.labels(PLAIN) == {
        **{"awake": True, "laughing": False, "glasses": False, "long_hair": False},
        **{"dark_hair": False, "looks_right": True},
    }


def test_fewer_colours() -> None:
    two, parts = Faces(colours=2), ("hair", "skin", "iris", "shirt", "background")
    faces = [two.scene("train", number) for number in range(60)]
    assert {name: {getattr(face, name) for face in faces} for name in parts} == {
        name: set(two.palettes[name]) for name in parts
    }
    assert all(len(palette) == 2 for palette in two.palettes.values())
    others = dict(two.alternatives(faces[0]))
    assert [len(others[name]) for name in parts] == [1] * 5
    assert Faces(colours=100).palettes == WORLD.palettes
    with pytest.raises(UserError, match=r"data\.world\.colours=0"):
        Faces(colours=0)
