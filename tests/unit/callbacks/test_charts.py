import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from gan_zoo.callbacks.charts import HEIGHT, MANY, MOST_POINTS, WIDTH, Scale, chart, limits, number, smooth, thin, ticks


def lines(svg: str) -> list[list[tuple[float, float]]]:
    found = ElementTree.fromstring(svg).findall("polyline")
    return [[tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()] for line in found]  # type: ignore[misc]


def test_curve_rises_from_left_to_right() -> None:
    (curve,) = lines(chart([(x, float(x)) for x in range(0, 1000, 100)]))
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(curve))
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in curve)


def test_axis_reaches_to_the_runs_end() -> None:
    (short,), (whole,) = lines(chart([(0, 1.0), (100, 2.0)], 200)), lines(chart([(0, 1.0), (100, 2.0)], 100))
    assert short[-1][0] - short[0][0] == pytest.approx((whole[-1][0] - whole[0][0]) / 2, abs=0.2)


def test_long_curves_are_thin_and_wild_values_do_not_flatten_them() -> None:
    wild = [(x, 1e6 if x == 500 else math.sin(x / 300)) for x in range(10_000)]
    raw, mean = lines(chart(wild))
    assert len(raw) <= MOST_POINTS
    assert len(mean) <= MOST_POINTS
    assert max(y for _, y in raw) - min(y for _, y in raw) > HEIGHT / 2


def test_one_point_and_none() -> None:
    assert "<circle" in chart([(5, 1.0)])
    assert "nothing finite" in chart([(5, math.nan)])
    assert "nan" not in chart([(1, 1.0), (2, math.nan), (3, 2.0)])


def test_thin_keeps_ends_and_mean() -> None:
    points = [(x, float(x)) for x in range(10_001)]
    few = thin(points, 50)
    assert len(few) == 50
    assert few[0] == points[0]
    assert few[-1] == points[-1]
    assert sum(y for _, y in few) / 50 == pytest.approx(5000, rel=0.01)


def test_smooth_is_a_mean() -> None:
    noisy = [(x, float(x % 2)) for x in range(300)]
    assert all(abs(y - 0.5) < 0.06 for _, y in smooth(noisy))
    assert smooth([(x, 3.0) for x in range(MANY)]) == [(x, 3.0) for x in range(MANY)]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.07, 0.09), (-3, 1e6), (0, 7), (2e-4, 2.1e-4)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 2 <= len(found) <= 6
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)
    assert all(re.fullmatch(r"-?[\d.]+(e-?\d+)?[kMG]?", number(tick)) for tick in found)


def test_limits_of_a_constant() -> None:
    low, high = limits([2e-4] * 9)
    assert low < 2e-4 < high
    assert limits([0.0])[0] < limits([0.0])[1]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234, "1.234k"), (3e6, "3M"), (2e-4, "2.0e-4"), (0.0123, "0.0123"), (-12.5, "-12.5"), (999.96, "1000")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_scale_of_nothing() -> None:
    assert Scale(3, 3, 0, 10)(3) == 0
