import pytest

from gan_zoo.cli.arguments import Parser, direction, numbers, seeds
from gan_zoo.errors import UserError


@pytest.mark.parametrize(("text", "way"), [("ab", "ab"), ("BtoA", "ba"), ("AtoB", "ab"), ("ba", "ba")])
def test_direction(text: str, way: str) -> None:
    assert direction(text) == way


def test_unknown_direction() -> None:
    with pytest.raises(UserError, match=r"no direction 'AtoC' \(did you mean AtoB"):
        direction("AtoC")


def test_parser_raises_one_line() -> None:
    parser = Parser(prog="gan-zoo x")
    parser.add_argument("--n", type=int)
    with pytest.raises(UserError, match=r"invalid int value: 'a' \(gan-zoo x --help says more\)"):
        parser.parse_args(["--n", "a"])


def test_seeds_and_numbers() -> None:
    assert seeds("3,5-7,3") == [3, 5, 6, 7, 3]
    assert numbers("-1,0.5", "psis") == [-1, 0.5]
    for text in ("", "1,", "-1", "1--2", "4294967296", "0-1-2"):
        with pytest.raises(UserError, match="--seeds"):
            seeds(text)
    for text in ("", "nan", "1,inf"):
        with pytest.raises(UserError, match="--psi"):
            numbers(text, "psi")
