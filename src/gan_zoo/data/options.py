"""What a data module's options may be, and what they mean."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from lightning_utilities.core.rank_zero import rank_zero_warn

from gan_zoo.errors import UserError, nearest

DIRECTIONS = {"ab": False, "AtoB": False, "ba": True, "BtoA": True}  # whether the two sides change places
T = TypeVar("T")


def raise_first(problems: list[str]) -> None:
    """``on_error=raise``: the first problem ends the run."""
    more = f"and {len(problems) - 1} more such images; " if len(problems) > 1 else ""
    raise UserError(f"{problems[0]} ({more}data.on_error=skip leaves such images out)")


def warn_all(problems: list[str]) -> None:
    """``on_error=skip``: say which images are left out, and go on."""
    shown = "; ".join(problems[:5]) + ("; …" if len(problems) > 5 else "")
    rank_zero_warn(f"{len(problems)} left out: {shown}")


ON_ERROR: dict[str, Callable[[list[str]], None]] = {"raise": raise_first, "skip": warn_all}


def chosen(table: Mapping[str, T], key: str, where: str) -> T:
    """What stands in the table. Raises ``UserError`` with the nearest names."""
    if key not in table:
        raise UserError(f"{where}={key!r} is not known{nearest(str(key), table)}")
    return table[key]


def not_negative(where: str, value: int) -> int:
    """The number, if it is whole and 0 or more. Raises ``UserError``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserError(f"{where}={value!r}: a whole number, 0 or more")
    return value


def positive(where: str, value: int) -> int:
    """The number, if it is whole and 1 or more. Raises ``UserError``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"{where}={value!r}: a whole number, 1 or more")
    return value
