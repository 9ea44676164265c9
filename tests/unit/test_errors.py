"""What a mistaken name is answered with."""

import pytest

from gan_zoo.errors import NonFiniteLoss, UserError, nearest


def test_nearest_names_what_was_probably_meant() -> None:
    assert nearest("cycelgan", ["pix2pix", "cyclegan"]) == " (did you mean cyclegan?)"


def test_nearest_lists_everything_where_nothing_is_close() -> None:
    assert nearest("zzz", ["pix2pix", "cyclegan", "pix2pix"]) == " (there are: cyclegan, pix2pix)"


def test_nearest_says_nothing_where_there_is_nothing() -> None:
    assert nearest("zzz", []) == ""


def test_a_non_finite_loss_is_shown_as_one_line_too() -> None:
    with pytest.raises(UserError, match="generator/adv"):
        raise NonFiniteLoss("generator/adv became NaN")
