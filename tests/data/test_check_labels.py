"""The data doctor on label maps."""

from pathlib import Path

import numpy as np
import pytest

from gan_zoo.data.check import check
from gan_zoo.data.check_labels import examine_labels
from gan_zoo.data.datasets import LabelMaps

from .conftest import id_map, label_set, photo


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return label_set(tmp_path / "small", {"train": 2, "test": 1}, labels=3)


def test_a_healthy_set(small: Path) -> None:
    (small / "labels.txt").write_text("sky\nsea\nsand\n")
    report = check(small)
    assert report.ok, report.problems
    text = "\n".join(report.facts)
    assert "layout: label maps and instance maps and photos, matched by file name: train 2, test 1" in text
    assert "channels: 3 x 8 bits (3)" in text  # of the photos
    assert "label ids: 3 different, 0 to 2: data.labels=3" in text
    assert "pixels by class: 0 sky " in text
    assert "instance maps: up to 3 ids in one; 9 objects with ids of 1000 and more" in text


def test_shares_add_up(small: Path) -> None:
    facts, wrong = examine_labels(LabelMaps(3).layout(small), LabelMaps(3))
    shares = [float(part.split()[-2]) for part in facts[1].removeprefix("pixels by class: ").split(", ")]
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert wrong == []


def test_ids_that_stand_apart_and_ids_out_of_range(small: Path) -> None:
    id_map(small / "train_label" / "1.png", np.full((8, 16), 255, dtype=np.uint8))
    assert any("255 stands apart (the next is 2): data.void=255 data.labels=4" in fact for fact in check(small).facts)
    assert check(small).ok
    report = check(small, LabelMaps(3))
    assert report.problems[0].startswith("1 label maps with ids out of range: ")
    assert "1.png: label 255 is outside 0..2" in report.problems[0]
    assert check(small, LabelMaps(4, void=255)).ok


def test_unlike_sizes_and_missing_photos(small: Path) -> None:
    id_map(small / "train_inst" / "0.png", np.zeros((8, 12), dtype=np.uint16))
    (small / "train_img" / "1.jpg").unlink()
    photo(small / "train_img" / "2.jpg", 16, 8)
    report = check(small)
    text = "\n".join(report.problems)
    assert "train_label/0.png is 16x8, " in text
    assert "train_inst/0.png is 12x8" in text
    assert "2 images without a partner" in text


def test_without_instance_maps_and_without_test_photos(small: Path) -> None:
    for folder in ("train_inst", "test_inst", "test_img"):
        for path in (small / folder).iterdir():
            path.unlink()
        (small / folder).rmdir()
    report = check(small)
    assert report.ok, report.problems
    layout = "layout: label maps and photos, matched by file name: train 2, test 1 without photos"
    assert report.facts[0] == layout


def test_maps_that_hold_no_ids_are_unreadable(small: Path) -> None:
    photo(small / "train_label" / "0.png", 16, 8)
    assert "1 unreadable files: " in "\n".join(check(small).problems)
