"""One page about a run, in one file: it opens from a folder, on a phone too, without a network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template

from PIL import Image

from gan_zoo.callbacks.charts import chart, number
from gan_zoo.callbacks.history import Series

FEWEST, MOST, MOST_BYTES = 8, 40, 6_000_000  # grids in a page, and what they may take together
FIRST = ("val", "test", "generator", "discriminator")  # groups of curves that come first, in this order
LAST = ("lr", "speed")  # and last


@dataclass
class Report:
    """A result worth a place of its own: a heading, a verdict and a table with one row a line."""

    title: str
    verdict: str
    rows: Sequence[tuple[str, str]]


@dataclass
class Page:
    """What a run's page shows. ``figures``: a value and what it is; ``links``: names and addresses of files."""

    title: str
    subtitle: str
    command: str
    config: str = ""
    figures: Sequence[tuple[str, str]] = ()
    facts: Sequence[tuple[str, str]] = ()
    links: Sequence[tuple[str, str]] = ()
    grids: Sequence[tuple[int, Path]] = ()  # images seen, file
    series: Mapping[str, Series] = field(default_factory=dict)
    reports: Sequence[Report] = ()
    footer: str = ""

    def html(self) -> str:
        """The whole file."""
        template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
        return template.substitute(
            style=stylesheet(),
            title=escape(self.title),
            subtitle=escape(self.subtitle),
            natural=_natural_width(self.grids),
            figures=_figures(self.figures),
            reports="".join(_report(report) for report in self.reports),
            samples=_samples(self.grids),
            charts=_charts(self.series),
            facts=_facts(self.facts, self.links),
            command=escape(self.command),
            config=details("Configuration", self.config),
            footer=escape(self.footer),
        )


def stylesheet() -> str:
    """What all pages of the zoo look like."""
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def chosen(grids: Sequence[tuple[int, Path]]) -> list[tuple[int, Path]]:
    """Those that fit into a page: spread evenly over time, the first and the last among them."""
    if not grids:
        return []
    average = max(1, sum(path.stat().st_size for _, path in grids) // len(grids))
    room = min(MOST, max(FEWEST, MOST_BYTES * 3 // 4 // average))  # base64 adds a third
    if len(grids) <= room:
        return list(grids)
    return [grids[round(i * (len(grids) - 1) / (room - 1))] for i in range(room)]


def grouped(names: Sequence[str]) -> dict[str, list[str]]:
    """Metric names by their first part, in an order that puts results before machinery."""
    order = {name: i - len(FIRST) for i, name in enumerate(FIRST)} | {name: i + 1 for i, name in enumerate(LAST)}
    groups: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (order.get(_first(name), 0), name)):
        groups.setdefault(_first(name), []).append(name)
    return groups


def _first(name: str) -> str:
    return name.partition("/")[0] if "/" in name else "other"


def _figures(figures: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in figures)
    return f'<div class="figures">{cells}</div>' if cells else ""


def _report(report: Report) -> str:
    return f'<h2>{escape(report.title)}</h2><div class="card"><p>{escape(report.verdict)}</p>{table(report.rows)}</div>'


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Names and texts, a line each."""
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{lines}</table>" if lines else ""


def _samples(grids: Sequence[tuple[int, Path]]) -> str:
    shown = [(images, _data_url(path)) for images, path in chosen(grids)]
    if not shown:
        return ""
    label = [f"{images:,} images" for images, _ in shown]
    frames = "".join(
        f'<template data-label="{name}" data-src="{url}"></template>'
        for name, (_, url) in zip(label, shown, strict=True)
    )
    last = len(shown) - 1
    slider = (
        f'<div class="time"><button id="play" type="button">Play</button>'
        f'<input id="when" type="range" min="0" max="{last}" value="{last}" aria-label="images seen">'
        f'<output id="images">{label[-1]}</output></div>'
    )
    image = f'<img id="frame" src="{shown[-1][1]}" alt="the same samples as training goes on">'
    return (
        f'<h2>The same pictures over time</h2><div class="card grid">{slider if last else ""}{image}</div>'
        f'<div id="frames" hidden>{frames}</div>'
    )


def _charts(series: Mapping[str, Series]) -> str:
    parts, last = [], max((points[-1][0] for points in series.values()), default=0)
    for group, names in grouped(list(series)).items():
        parts.append(f'<h3>{escape(group)}</h3><div class="charts">')
        for name in names:
            caption = f"<b>{escape(name)}</b><span>{escape(number(series[name][-1][1]))}</span>"
            parts.append(f'<figure class="card"><figcaption>{caption}</figcaption>{chart(series[name], last)}</figure>')
        parts.append("</div>")
    if not parts:
        return ""
    return (
        '<h2>Curves</h2><p class="soft">Over images seen, with their running mean; the figure is the latest value.</p>'
        + "".join(parts)
    )


def _facts(facts: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]]) -> str:
    files = " · ".join(f'<a href="{escape(address, quote=True)}">{escape(name)}</a>' for name, address in links)
    rows = table(facts)
    if files:
        rows = rows.removesuffix("</table>") + f"<tr><th>files</th><td>{files}</td></tr></table>"
    return f'<div class="card">{rows}</div>' if rows else ""


def details(name: str, text: str) -> str:
    """A text that opens on a click; nothing where there is none."""
    return f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>" if text else ""


def _natural_width(grids: Sequence[tuple[int, Path]]) -> int:
    if not grids:
        return 1
    with Image.open(grids[-1][1]) as image:
        return image.width


def _data_url(path: Path, widest: int = 1600) -> str:
    """The picture itself, as an address; one wider than a screen is made smaller."""
    content = path.read_bytes()
    with Image.open(BytesIO(content)) as image:
        if image.width > widest:
            size = (widest, round(image.height * widest / image.width))
            return jpeg_url(image.resize(size, Image.Resampling.LANCZOS), quality=88)
    return _address(content)


def jpeg_url(image: Image.Image, quality: int = 92) -> str:
    """A picture as an address that holds it; transparency is laid on white, 16 bits become 8."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 257).convert("L")
    if "A" in image.getbands():
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    buffer = BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality, subsampling=0 if quality > 90 else -1)
    return _address(buffer.getvalue())


def _address(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
