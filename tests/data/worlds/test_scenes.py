"""A scene's draws depend on its address alone."""

import numpy as np

from gan_zoo.data.worlds.scenes import Dice


def test_the_same_address_draws_the_same_numbers() -> None:
    first, again = Dice("world", 3, "train", 17), Dice("world", 3, "train", 17)
    drawn = [first.number() for _ in range(5)]
    assert drawn == [again.number() for _ in range(5)]
    assert len(set(drawn)) == 5


def test_addresses_are_not_confused() -> None:
    addresses = [("ab", 1), ("a", 1), ("a", 11), ("a", 1, 1), ("b", 1), ("train", 0, 5), ("test", 0, 5), (1, "a")]
    assert len({Dice(*address).number() for address in addresses}) == len(addresses)


def test_draws_are_what_they_say() -> None:
    dice = Dice("draws")
    numbers = np.array([dice.between(2, 4) for _ in range(2000)])
    assert (numbers.min(), numbers.max()) > (2, 3.9)
    assert numbers.max() < 4
    places = np.bincount([dice.one_of(4) for _ in range(2000)], minlength=4)
    assert places.min() > 400
    weighted = np.bincount([dice.weighted(6, 0, 3, 1) for _ in range(2000)], minlength=4) / 2000
    assert np.abs(weighted - [0.6, 0, 0.3, 0.1]).max() < 0.05
    assert abs(np.mean([dice.chance(0.3) for _ in range(2000)]) - 0.3) < 0.05
    assert {dice.sign() for _ in range(50)} == {-1, 1}


def test_the_stream_is_kept_for_good() -> None:
    """Published figures are those of these scenes: another stream would be another test set."""
    dice = Dice("world_faces", 0, "test", 0)
    assert [round(dice.number(), 9) for _ in range(3)] == [0.403465002, 0.450984972, 0.233330428]
