"""Small line charts as SVG, and nothing else: they need no library, no script and no network."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from itertools import accumulate, pairwise

from gan_zoo.callbacks.history import Series

WIDTH, HEIGHT = 340, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 8, 22
MANY = 30  # points, from which on a running mean is drawn
MOST_POINTS = 240  # of a curve; more are averaged


def chart(series: Series, last: int | None = None) -> str:
    """A curve over images seen, from 0 to ``last``: the values faintly, and their running mean where there are many.

    The vertical axis leaves out the wildest hundredth of the values on either side.
    """
    finite = [(x, y) for x, y in series if math.isfinite(y)]
    if not finite:
        return _svg(f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}">nothing finite</text>')
    low, high = limits([y for _, y in finite])
    across = Scale(0, finite[-1][0] if last is None else last, LEFT, WIDTH - RIGHT)
    down = Scale(low, high, HEIGHT - BOTTOM, TOP)
    if len(finite) < MANY:
        return _svg(_axes(across, down) + _curve(finite, across, down))
    return _svg(
        _axes(across, down) + _curve(thin(finite), across, down, "raw") + _curve(thin(smooth(finite)), across, down)
    )


def smooth(points: Series) -> Series:
    """The mean over a window of a fifteenth of the curve around each point."""
    reach = max(1, len(points) // 30)
    sums = list(accumulate((y for _, y in points), initial=0.0))
    windows = [(max(0, i - reach), min(len(points), i + reach + 1)) for i in range(len(points))]
    return [(x, (sums[b] - sums[a]) / (b - a)) for (x, _), (a, b) in zip(points, windows, strict=True)]


def thin(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> Series:
    """At most ``most`` points: neighbours are averaged; the first and the last stay."""
    if len(points) <= most:
        return [(round(x), y) for x, y in points]
    inner, bins = points[1:-1], most - 2
    edges = [round(i * len(inner) / bins) for i in range(bins + 1)]
    groups = [inner[a:b] for a, b in pairwise(edges) if b > a]
    means = [(mean(x for x, _ in group), mean(y for _, y in group)) for group in groups]
    return [(round(x), y) for x, y in [points[0], *means, points[-1]]]


def limits(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value shown, with some air; zero is shown where it is near."""
    ordered = sorted(values)
    cut = len(ordered) // 100
    low, high = ordered[cut], ordered[-1 - cut]
    if low >= 0 and low < 0.4 * high:
        low = 0.0
    air = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return (low if low == 0 else low - air), high + air


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers between two limits."""
    raw = (high - low) / about or 1.0
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    return [round(i * step, 12) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """Short: 1.2k, 3M, 0.0002, 12.5."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.1e}".replace("e-0", "e-")


def mean(values: Iterable[float]) -> float:
    """The arithmetic mean."""
    listed = list(values)
    return math.fsum(listed) / len(listed)


class Scale:
    """Numbers to pixels, linearly."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high if high > low else low + 1, start, end

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def _curve(points: Series, across: Scale, down: Scale, kind: str = "") -> str:
    pixels = [(across(x), min(HEIGHT - BOTTOM, max(TOP, down(y)))) for x, y in points]
    if len(pixels) == 1:
        return f'<circle cx="{pixels[0][0]:.1f}" cy="{pixels[0][1]:.1f}" r="3"/>'
    name = f' class="{kind}"' if kind else ""
    return f'<polyline{name} points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)}"/>'


def _svg(content: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{content}</svg>'


def _axes(across: Scale, down: Scale) -> str:
    parts = []
    for value in ticks(down.low, down.high):
        y = down(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{y + 3.5:.1f}" class="y">{escape(number(value))}</text>')
    for value in ticks(across.low, across.high):
        parts.append(f'<text x="{across(value):.1f}" y="{HEIGHT - 6}">{escape(number(value))}</text>')
    return "".join(parts)
