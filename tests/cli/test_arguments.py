import pytest

from gan_zoo.cli.arguments import Parser, direction
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
