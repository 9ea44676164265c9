"""Errors that a user can mend: one line that says what is wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """A mistake outside the program: a path, an option, a file. The command line shows its one line alone."""


class NonFiniteLoss(UserError):
    """A term of an objective became NaN or infinite; its message names the term."""


def nearest(name: str, names: Iterable[str]) -> str:
    """`` (did you mean x?)`` for the closest of ``names``, else a list of them; empty where there are none."""
    known = sorted(set(names))
    if close := get_close_matches(name, known, n=3, cutoff=0.5):
        return f" (did you mean {' or '.join(close)}?)"
    return f" (there are: {', '.join(known)})" if known else ""
