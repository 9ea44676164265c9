"""Signed distances: right at outlines, of the right sign everywhere, never past their bounds."""

import numpy as np
import pytest

from gan_zoo.data.worlds import shapes as S

SHAPES: dict[str, S.Shape] = {
    "ellipse": S.Ellipse(0.5, 0.4, 0.3, 0.15),
    "disc": S.Disc(0.4, 0.5, 0.2),
    "box": S.Box(0.2, 0.3, 0.7, 0.5),
    "rounded": S.Box(0.2, 0.3, 0.7, 0.6, 0.1),
    "stroke": S.Stroke((0.2, 0.3), (0.7, 0.6), 0.05),
    "triangle": S.Polygon(((0.2, 0.7), (0.5, 0.2), (0.8, 0.7))),
    "turned": S.Polygon(((0.8, 0.7), (0.5, 0.2), (0.2, 0.7))),
    "bow": S.Bow(0.5, 0.4, 0.3, 0.1, 0.03),
    "ring": S.Ring(S.Disc(0.5, 0.5, 0.3), 0.04),
    "both": S.Both(S.Disc(0.4, 0.5, 0.3), S.Box(0.4, 0.0, 1.0, 1.0)),
    "without": S.Without(S.Disc(0.4, 0.5, 0.3), S.Box(0.4, 0.0, 1.0, 1.0)),
    "either": S.Either((S.Disc(0.3, 0.5, 0.1), S.Box(0.6, 0.2, 0.8, 0.4))),
    "moved": S.Moved(S.Disc(0.2, 0.2, 0.1), 0.3, 0.4),
    "lattice": S.Lattice(S.Box(0.1, 0.1, 0.2, 0.2), 3, 2, 0.2, 0.3),
    "holed": S.Lattice(S.Box(0.1, 0.1, 0.2, 0.2), 3, 2, 0.2, 0.3, hole=(1, 0)),
    "mirrored": S.Mirrored(S.Disc(0.7, 0.4, 0.1), 0.5),
    "under": S.Under(((0.1, 0.5), (0.4, 0.2), (0.8, 0.6)), 0.9),
    "over": S.Over(((0.1, 0.5), (0.4, 0.7), (0.8, 0.6)), 0.1),
    "burst": S.Burst(0.5, 0.5, 0.8, ((0.0, 0.5), (0.25, 0.3), (0.5, 0.5), (0.75, 0.3))),
}
SIDE = 200
CENTRES = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(SIDE)
X, Y = CENTRES[None, :], CENTRES[:, None]


def inside(shape: S.Shape) -> np.ndarray:
    return np.broadcast_to(shape.distance(X, Y) <= 0, (SIDE, SIDE))


@pytest.mark.parametrize("name", SHAPES)
def test_points_inside_lie_within_the_bounds(name: str) -> None:
    shape = SHAPES[name]
    rows, columns = np.nonzero(inside(shape))
    assert 0.001 < len(rows) / SIDE**2 < 0.7
    left, top, right, bottom = shape.bounds
    slack = 0.5 / SIDE
    assert left - slack <= X[0, columns].min()
    assert X[0, columns].max() <= right + slack
    assert top - slack <= Y[rows, 0].min()
    assert Y[rows, 0].max() <= bottom + slack


@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"bow", "both", "without", "either", "holed"}))
def test_distances_near_the_outline_are_lengths(name: str) -> None:
    """Away from corners they grow by as much as one walks: a soft edge is as wide everywhere."""
    found = np.broadcast_to(SHAPES[name].distance(X, Y), (SIDE, SIDE)).astype(np.float64)
    rows, columns = np.gradient(found, 1 / SIDE)
    slope = np.hypot(rows, columns)
    assert found.dtype == np.float64
    near = np.abs(found) < 0.01
    assert np.median(slope[near]) == pytest.approx(1, abs=0.03)
    assert (np.abs(slope[near] - 1) < 0.15).mean() > 0.75


def test_areas_are_those_of_geometry() -> None:
    areas = {name: inside(shape).mean() for name, shape in SHAPES.items()}
    known = {
        "ellipse": np.pi * 0.3 * 0.15,
        "disc": np.pi * 0.2**2,
        "box": 0.1,
        "rounded": 0.15 - (4 - np.pi) * 0.1**2,
        "stroke": 0.1 * np.hypot(0.5, 0.3) + np.pi * 0.05**2,
        "triangle": 0.15,
        "turned": 0.15,
        "ring": np.pi * (0.34**2 - 0.26**2),
        "lattice": 0.06,
        "holed": 0.05,
        "mirrored": 2 * np.pi * 0.1**2,
        "under": 0.3 * (0.4 + 0.7) / 2 + 0.4 * (0.7 + 0.3) / 2,
        "over": 0.3 * (0.4 + 0.6) / 2 + 0.4 * (0.6 + 0.5) / 2,
    }
    for name, area in known.items():
        assert areas[name] == pytest.approx(area, abs=0.004), name


def test_combinations_are_those_of_sets() -> None:
    disc, box = SHAPES["disc"], SHAPES["box"]
    assert (inside(S.Both(disc, box)) == (inside(disc) & inside(box))).all()
    assert (inside(S.Without(disc, box)) == (inside(disc) & ~inside(box))).sum() >= SIDE**2 - 20  # outlines count twice
    assert (inside(S.Either((disc, box))) == (inside(disc) | inside(box))).all()


def test_a_lattice_is_its_shapes_one_by_one() -> None:
    lattice = SHAPES["holed"]
    assert isinstance(lattice, S.Lattice)
    each = lattice.each()
    assert len(each) == 5
    together = np.any([inside(shape) for shape in each], axis=0)
    assert (together != inside(lattice)).mean() < 0.001
    x, y = lattice.folded(X, Y)
    assert np.allclose(x[0, SIDE // 10], X[0, SIDE // 10])
    assert float(y[int(0.45 * SIDE), 0]) == pytest.approx(Y[int(0.45 * SIDE), 0] - 0.3, abs=1e-6)
