"""Plain command lines (not Hydra's) with one-line errors."""

import argparse
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
