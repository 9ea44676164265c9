"""What was measured, for people: a table on the screen, rows for a page."""

from io import StringIO

from rich.console import Console
from rich.table import Table

from gan_zoo.evaluation.job import Result

ERROR = "_std"  # what the key of a deviation adds


def rows(result: Result) -> list[tuple[str, str]]:
    """A line a number, with its deviation where it has one."""
    found = []
    for key, value in result.values.items():
        stem, slash, place = key.partition("/")
        if stem.endswith(ERROR) and f"{stem.removesuffix(ERROR)}{slash}{place}" in result.values:
            continue
        error = result.values.get(f"{stem}{ERROR}{slash}{place}")
        found.append((key, f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.4f}"))
    return found


def notes(result: Result) -> list[str]:
    """What to be warned of, and what could not be measured."""
    reasons: dict[str, list[str]] = {}
    for name, line in result.skipped.items():
        reasons.setdefault(line, []).append(name)
    return [*result.warnings, *(f"not measured: {', '.join(names)}: {line}" for line, names in reasons.items())]


def table(result: Result) -> str:
    """Numbers, and how many pictures each is about."""
    made = Table(box=None, pad_edge=False)
    made.add_column("metric")
    made.add_column("value", justify="right")
    made.add_column("pictures", justify="right")
    for key, value in rows(result):
        made.add_row(key, value, f"{result.protocols[key].get('images', '')}")
    text = StringIO()
    Console(file=text, width=110).print(made)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())
