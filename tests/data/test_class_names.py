"""Names of classes from files and as typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.data.class_names import class_names
from gan_zoo.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sky\nbuilding\n\nroad sign\n", {"sky": 0, "building": 1, "road sign": 2}),
        ("# ids\n1: person\n3: car\n", {"person": 1, "car": 3}),
        ("0 sky\n7 road sign\n", {"sky": 0, "road sign": 7}),
        ("", {}),
    ],
)
def test_text(text: str, expected: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text(text)
    assert class_names(tmp_path) == expected


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["sky", "car"], {"sky": 0, "car": 1}),
        ({"0": "sky", "9": "car"}, {"sky": 0, "car": 9}),
        ({"sky": 0, "car": 9}, {"sky": 0, "car": 9}),
    ],
)
def test_lists_and_mappings_from_a_file_or_typed(listed: Any, expected: dict[str, int], tmp_path: Path) -> None:
    assert class_names(tmp_path, listed) == expected
    (tmp_path / "classes.json").write_text(json.dumps(listed))
    assert class_names(tmp_path) == expected
    assert class_names(tmp_path, ["typed"]) == {"typed": 0}


def test_no_names(tmp_path: Path) -> None:
    assert class_names(tmp_path) == {}


@pytest.mark.parametrize("text", ["{", '"sky"', '{"sky": "blue"}'])
def test_what_holds_no_names_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "classes.json").write_text(text)
    with pytest.raises(UserError, match=r"classes\.json: (cannot be understood|expected a list of names)"):
        class_names(tmp_path)
