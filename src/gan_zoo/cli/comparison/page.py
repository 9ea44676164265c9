"""``compare.html``: numbers and pictures of all models, in one file that opens anywhere, on paper too."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from PIL import Image

from gan_zoo.callbacks.page import jpeg_url, stylesheet, table
from gan_zoo.cli.comparison import drawing
from gan_zoo.cli.comparison.record import FINISHED
from gan_zoo.cli.comparison.table import COSTS, Column, Run, Value, best, rows

NARROWEST, WIDEST = 118, 240  # px of a column
WAYS = {"ab": "A to B", "ba": "B to A"}
PARTS = {"metrics": "measures on the test pictures", "costs": "cost"}
LEGEND = "Bold: the best mean of a measure that says which way is better. ±: standard deviation over seeds."


@dataclass
class Page:
    """What a comparison's page shows. ``facts``: names and texts; ``samples``: rows of pictures."""

    title: str
    subtitle: str
    columns: Sequence[Column]
    folder: Path
    samples: int
    paired: bool
    facts: Sequence[tuple[str, str]]
    command: str

    def html(self) -> str:
        """The whole file."""
        template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
        return template.substitute(
            style=stylesheet(),
            title=escape(self.title),
            subtitle=escape(self.subtitle),
            least=220 + NARROWEST * len(self.columns),
            most=320 + WIDEST * len(self.columns),
            least_pictures=NARROWEST * (len(self.columns) + 1 + self.paired),
            most_pictures=262 * (len(self.columns) + 1 + self.paired),
            paper="landscape" if len(self.columns) > 4 else "portrait",
            numbers=_numbers(self.columns),
            pictures="".join(self._direction(way) for way in WAYS),
            facts=table(self.facts) + self._links(),
            command=escape(self.command),
            footer="Made by gan_zoo: one file, to be opened anywhere.",
        )

    def _direction(self, way: str) -> str:
        """The pictures of one direction; those of further seeds open on a click."""
        able = [column for column in self.columns if column.shown is None or way in _ways(column.shown)]
        if not any(column.shown for column in able):
            return ""
        seeds = max(len(column.finished) for column in able)
        parts = [f"<h2>{WAYS[way]}: the same inputs for all</h2>"]
        for number in range(seeds):
            chosen = {column.name: _nth(column, number) for column in able}
            shown = f'<div class="card scroll">{self._pictures(way, able, chosen)}</div>'
            name = ", ".join(dict.fromkeys(run.label for run in chosen.values() if run is not None))
            parts.append(f"<details><summary>{escape(name)}</summary>{shown}</details>" if number else shown)
        return "".join(parts)

    def _pictures(self, way: str, columns: Sequence[Column], chosen: Mapping[str, Run | None]) -> str:
        heads = ["input", *(["target"] if self.paired else []), *(column.name for column in columns)]
        names = [f"{number:03}.png" for number in range(self.samples)]
        names = [name for name in names if (self.folder / drawing.INPUTS / way[0] / name).is_file()]
        lines = ""
        for name in names:
            given = [self.folder / drawing.INPUTS / side / name for side in (way if self.paired else way[0])]
            cells = "".join(f'<td class="given">{_image(path, "given")}</td>' for path in given)
            for column in columns:
                cells += _cell(column, chosen[column.name], Path(way) / name, len(names) if name == names[0] else 0)
            lines += f"<tr>{cells}</tr>"
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
        return f'<table class="pictures"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'

    def _links(self) -> str:
        """To the runs' own pages, where they lie below this one."""
        found = []
        for column in self.columns:
            for run in column.runs:
                page = Path(run.job.folder) / "gallery.html"
                if page.is_file() and page.is_relative_to(self.folder):
                    place = escape(page.relative_to(self.folder).as_posix(), quote=True)
                    found.append(f'<a href="{place}">{escape(Path(run.job.folder).name)}</a>')
        return f"<table><tr><th>runs</th><td>{' · '.join(found)}</td></tr></table>" if found else ""


def _numbers(columns: Sequence[Column]) -> str:
    """The table: a column a model, a line a measure or a cost."""
    heads = "".join(f'<th scope="col">{escape(column.name)}{_kind(column)}</th>' for column in columns)
    body, last = _states(columns), ""
    for kind, name, values in rows(columns):
        if kind != last:
            body += f'<tr class="part"><th colspan="{len(columns) + 1}">{PARTS[kind]}</th></tr>'
        last, marked = kind, best(name, values, columns) if kind == "metrics" else set()
        cells = "".join(_value(one, i in marked) for i, one in enumerate(values))
        body += f'<tr><th scope="row">{escape(COSTS.get(name, name))}</th>{cells}</tr>'
    widths = '<col class="name">' + "<col>" * len(columns)
    head = f"<thead><tr><td></td>{heads}</tr></thead>"
    grid = f'<table class="columns"><colgroup>{widths}</colgroup>{head}<tbody>{body}</tbody></table>'
    return f'<h2>Numbers</h2><div class="card scroll">{grid}</div><p class="soft state legend">{LEGEND}</p>'


def _states(columns: Sequence[Column]) -> str:
    cells = ""
    for column in columns:
        fine = all(run.state == FINISHED for run in column.runs)
        text = ". ".join(part for part in (column.missing(), column.status(brief=True)) if part)
        cells += f'<td class="state{"" if fine else " bad"}">{escape(text)}</td>'
    return f'<tr><th scope="row">state</th>{cells}</tr>'


def _kind(column: Column) -> str:
    kind = column.shown.record.facts.get("class", "") if column.shown else ""
    return f"<small>{escape(kind)}</small>" if kind else ""


def _value(one: Value | None, marked: bool) -> str:
    if one is None:
        return '<td class="none">–</td>'
    mean, sign, deviation = one.text().partition(" ± ")
    spread = f" <span>± {escape(deviation)}</span>" if sign else ""
    text = f"{escape(mean)}{spread}" if math.isfinite(one.mean) else "not finite"
    return f"<td{' class=best' if marked else ''}>{text}</td>"


def _cell(column: Column, run: Run | None, place: Path, rows: int) -> str:
    """A model's picture; where it has none, one note over all ``rows``, in the first of them (others say 0)."""
    if run is None:
        text = column.status(brief=True) if not column.finished else "no run with a further seed"
        return f'<td class="lost" rowspan="{rows}">{escape(text)}</td>' if rows else ""
    path = Path(run.job.folder) / "pictures" / place
    return f"<td>{_image(path, column.name)}</td>" if path.is_file() else '<td class="lost">–</td>'


def _image(path: Path, text: str) -> str:
    if not path.is_file():
        return "–"
    with Image.open(path) as image:
        return f'<img src="{jpeg_url(image)}" alt="{escape(text, quote=True)}">'


def _nth(column: Column, number: int) -> Run | None:
    return column.finished[number] if number < len(column.finished) else None


def _ways(run: Run) -> Sequence[str]:
    ways: Sequence[str] = run.record.facts.get("directions", ("ab",))
    return ways
