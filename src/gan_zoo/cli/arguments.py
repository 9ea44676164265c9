"""Plain command lines (not Hydra's) with one-line errors."""

import argparse
import math
from typing import NoReturn

from gan_zoo.errors import UserError, nearest

DIRECTIONS = {"ab": "ab", "ba": "ba", "AtoB": "ab", "BtoA": "ba"}


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose mistakes are UserErrors."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and exiting.

        Raises:
            UserError: always.
        """
        raise UserError(f"{message} ({self.prog} --help says more)")


def direction(text: str) -> str:
    """``ab`` or ``ba``, also spelt AtoB and BtoA.

    Raises:
        UserError: anything else.
    """
    if text not in DIRECTIONS:
        raise UserError(f"there is no direction {text!r}{nearest(text, DIRECTIONS)}")
    return DIRECTIONS[text]


def seeds(text: str, name: str = "seeds") -> list[int]:
    """``1,2,5-7`` as numbers, in that order.

    Raises:
        UserError: it is something else.
    """
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not (last.isdecimal() and int(first) <= int(last) < 2**32)):
            raise UserError(f"--{name} {text}: write seeds as 0-15 or 1,2,5-7")
        if int(first) >= 2**32 or (dash and int(last) - int(first) >= 10_000):
            raise UserError(f"--{name} {text}: seeds are below 2^32, and at most 10000 at a time")
        found += range(int(first), int(last if dash else first) + 1)
    return found


def numbers(text: str, name: str) -> list[float]:
    """``0,0.5,1`` as numbers.

    Raises:
        UserError: it is something else.
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise UserError(f"--{name} {text}: write numbers, with commas between")
    return found
