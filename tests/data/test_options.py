"""Options and their one line where they are wrong."""

import pytest

from gan_zoo.data import options
from gan_zoo.errors import UserError


def test_the_first_problem_ends_the_run() -> None:
    with pytest.raises(
        UserError, match=r"^one \(and 1 more such images; data\.on_error=skip leaves such images out\)$"
    ):
        options.raise_first(["one", "two"])


def test_problems_are_left_out_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"6 left out: a; b; c; d; e; …$"):
        options.warn_all(list("abcdef"))


def test_choices_and_numbers() -> None:
    assert options.chosen(options.DIRECTIONS, "BtoA", "data.direction")
    with pytest.raises(UserError, match=r"data\.on_error='rise' is not known \(did you mean .*raise"):
        options.chosen(options.ON_ERROR, "rise", "data.on_error")
    assert options.positive("x", 1) == 1
    assert options.not_negative("x", 0) == 0
    for value in (0, -1, True, 1.5):
        with pytest.raises(UserError, match=r"^x=.*: a whole number, 1 or more$"):
            options.positive("x", value)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="0 or more"):
        options.not_negative("x", -1)
