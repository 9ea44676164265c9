"""Streets as geometry."""

import numpy as np

from gan_zoo.data.worlds import streets
from gan_zoo.data.worlds.scenes import Dice
from gan_zoo.data.worlds.shapes import Lattice
from gan_zoo.data.worlds.streets import Street

STREETS = [Street.drawn(Dice("test", number), 4) for number in range(200)]


def test_houses_stand_side_by_side_on_the_ground() -> None:
    assert {len(street.houses) for street in STREETS} == {2, 3}
    for street in STREETS:
        for house, following in zip(street.houses, street.houses[1:], strict=False):
            assert house.roof.bounds[2] < following.roof.bounds[0]
        for house in street.houses:
            assert house.bottom == street.ground
            assert house.left > 0.02
            assert house.right < 0.98
            assert 0.02 < house.ridge < house.top < house.bottom


def test_windows_and_doors_lie_inside_the_walls() -> None:
    for street in STREETS:
        for house in street.houses:
            for shape in (house.windows, house.entrance):
                left, top, right, bottom = shape.bounds
                assert house.left < left < right < house.right
                assert house.top < top < bottom <= house.bottom
            assert len(house.windows.each()) == house.columns * house.rows - 1
            door = house.entrance
            for window in house.windows.each():
                left, _, right, bottom = window.bounds
                assert bottom < door.top or right < door.left or left > door.right


def test_pieces_come_from_the_back_to_the_front() -> None:
    for street in STREETS[:20]:
        labels = [label for label, _ in street.pieces]
        assert labels[0] == streets.SUN
        assert labels.index(streets.GRASS) < labels.index(streets.ROOF)
        assert labels.count(streets.DOOR) == len(street.houses)
        assert labels.count(streets.CROWN) == labels.count(streets.TRUNK) == len(street.trees)
        assert sum(isinstance(shape, Lattice) for _, shape in street.pieces) == len(street.houses)


def test_variety() -> None:
    houses = [house for street in STREETS for house in street.houses]
    for name, values in (("columns", {2, 3}), ("rows", {2, 3}), ("wall", set(streets.WALLS)), ("slope", {0.3, 1.0})):
        assert {getattr(house, name) for house in houses} == values
    assert {tree.fir for street in STREETS for tree in street.trees} == {True, False}
    assert np.bincount([street.style for street in STREETS], minlength=4).min() > 30


def test_the_style_is_not_told_by_the_layout() -> None:
    for number in range(20):
        one, other = (Street.drawn(Dice("test", number), styles) for styles in (1, 4))
        assert one.style == 0
        assert (one.houses, one.trees, one.clouds, one.sun) == (other.houses, other.trees, other.clouds, other.sun)
