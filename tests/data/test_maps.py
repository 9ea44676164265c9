"""Maps of ids: every depth as the numbers it holds, and a line for every file that holds none."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from gan_zoo.data.maps import ReadMap, integers
from gan_zoo.errors import UserError

from .conftest import id_map, photo

DEEP = np.array([[0, 1, 33], [255, 33000, 65535]])


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("8.png", np.array([[0, 7], [200, 255]], dtype=np.uint8)),
        ("16.png", DEEP.astype(np.uint16)),
        ("16.tif", DEEP.astype(np.uint16)),
        ("32.tif", np.array([[0, 70000], [2_000_000_000, 5]], dtype=np.int32)),
    ],
)
def test_every_depth_is_read_as_the_numbers_it_holds(name: str, ids: npt.NDArray[Any], tmp_path: Path) -> None:
    np.testing.assert_array_equal(np.asarray(ReadMap()(id_map(tmp_path / name, ids))), ids)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int64"])
def test_arrays_of_whole_numbers(kind: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[0, 3], [99, 255]], dtype=kind))
    assert np.asarray(ReadMap()(tmp_path / "x.npy")).tolist() == [[0, 3], [99, 255]]


def test_one_bit_is_zero_and_one(tmp_path: Path) -> None:
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "x.png")
    assert np.asarray(integers(tmp_path / "x.png")).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"labels": 6},
            r"label 255 is outside 0\.\.5: data\.labels=256, or data\.void=255 and one class more for it",
        ),
        ({"labels": 5}, r"label 5 \(and 1 more ids\) is outside 0\.\.4: data\.labels=256$"),
        ({"labels": 6, "void": 255}, r"label 5 is outside 0\.\.4, .* that of data\.void=255: data\.labels=7$"),
    ],
)
def test_ids_outside_the_range_are_named(options: dict[str, int], said: str, tmp_path: Path) -> None:
    path = id_map(tmp_path / "x.png", np.array([[0, 5], [255, 5]], dtype=np.uint8))
    with pytest.raises(UserError, match=rf"^{tmp_path}/x\.png: {said}") as caught:
        ReadMap(**options)(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("labels", "expected"), [(7, [[0, 5], [6, 5]]), (256, [[0, 5], [255, 5]])])
def test_pixels_without_a_label_become_the_last_class(labels: int, expected: list[list[int]], tmp_path: Path) -> None:
    path = id_map(tmp_path / "x.png", np.array([[0, 5], [255, 5]], dtype=np.uint8))
    assert np.asarray(ReadMap(labels, void=255)(path)).tolist() == expected


def palette_image(path: Path, colours: list[tuple[int, int, int]]) -> Path:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8)).convert("P")
    image.putpalette([value for colour in colours for value in colour])
    image.putdata([0, 1, 2, 1])
    image.save(path)
    return path


def test_palette_images_say_that_they_are_ambiguous(tmp_path: Path) -> None:
    coloured = palette_image(tmp_path / "c.png", [(0, 0, 0), (128, 0, 0), (0, 128, 0)])
    gray = palette_image(tmp_path / "g.png", [(0, 0, 0), (9, 9, 9), (5, 5, 5)])
    same = palette_image(tmp_path / "s.png", [(0, 0, 0), (1, 1, 1), (2, 2, 2)])
    with pytest.raises(UserError, match=r"c\.png: a palette image, where index and colour may differ: .*palette=index"):
        ReadMap()(coloured)
    assert np.asarray(ReadMap(palette="index")(coloured)).tolist() == [[0, 1], [2, 1]]
    with pytest.raises(UserError, match=r"c\.png: its palette has colours that are not gray: data\.palette=index"):
        ReadMap(palette="gray")(coloured)
    assert np.asarray(ReadMap(palette="gray")(gray)).tolist() == [[0, 9], [5, 9]]
    assert np.asarray(ReadMap()(same)).tolist() == [[0, 1], [2, 1]]


def test_what_holds_no_ids_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"rgb\.png: a picture in colours .*mode RGB.*not a map of ids"):
        ReadMap()(photo(tmp_path / "rgb.png"))
    with pytest.raises(UserError, match=r"x\.jpg: a JPEG, whose compression changes ids"):
        ReadMap()(photo(tmp_path / "x.jpg", mode="L"))
    with pytest.raises(UserError, match=r"neg\.tif: the id -3, and ids are 0 or more"):
        ReadMap()(id_map(tmp_path / "neg.tif", np.array([[0, -3]], dtype=np.int32)))
    np.save(tmp_path / "half.npy", np.array([[0.5]]))
    with pytest.raises(UserError, match=r"half\.npy: an array float64 of 2 dimensions"):
        ReadMap()(tmp_path / "half.npy")
    np.save(tmp_path / "far.npy", np.array([[2**31]]))
    with pytest.raises(UserError, match=r"far\.npy: the id 2147483648"):
        ReadMap()(tmp_path / "far.npy")
    (tmp_path / "torn.png").write_bytes(b"x")
    with pytest.raises(UserError, match=r"torn\.png: not a readable image"):
        ReadMap()(tmp_path / "torn.png")
