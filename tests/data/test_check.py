"""The data doctor finds what was planted."""

import hashlib
import shutil
from pathlib import Path

import pytest

from gan_zoo.data.check import check, detect, wrong_checksums
from gan_zoo.data.datasets import Unpaired
from gan_zoo.errors import UserError

from .conftest import photo


def test_a_healthy_set(glued: Path) -> None:
    report = check(glued)
    assert report.ok
    assert report.lines[0] == str(glued)
    assert report.lines[-1] == "no problems found"
    assert report.facts[:2] == [
        "layout: glued pairs (A left half, B right half): train 5, val 2",
        "sizes: 1 different: 24x12 (7)",
    ]
    assert "channels: 3 x 8 bits (7)" in report.facts


def test_planted_faults_are_found(glued: Path) -> None:
    (glued / "train" / "cut.png").write_bytes((glued / "train" / "0.png").read_bytes()[:300])
    (glued / "train" / "empty.png").write_bytes(b"")
    photo(glued / "train" / "odd.png", 25, 12)
    photo(glued / "train" / "gray.png", 24, 12, mode="I;16")
    shutil.copy(glued / "val" / "0.png", glued / "train" / "leak.png")
    shutil.copy(glued / "train" / "0.png", glued / "train" / "twin.png")
    report = check(glued)
    text = "\n".join(report.lines)
    assert not report.ok
    assert "2 unreadable files: " in text
    assert "cut.png: not a readable image" in text
    assert "empty.png: the file is empty" in text
    assert "1 pairs whose halves differ in size" in text
    assert "odd.png is 25 pixels wide" in text
    assert "images of unlike bit depth: 3 x 8 bits (10), 1 x 16 bits (1)" in text
    assert (
        "1 images that occur in more than one split (the test is seen in training): train/leak.png = val/0.png" in text
    )
    assert "exact duplicates within a split: 1: train/0.png = train/twin.png" in text
    assert report.lines[-1] == "4 kinds of problems found"


def test_two_folders_are_pairs_if_most_names_have_partners(tmp_path: Path) -> None:
    for i in range(4):
        photo(tmp_path / "trainA" / f"{i}.png", seed=i)
        photo(tmp_path / "trainB" / f"{i}.png", 12 if i else 10, seed=10 + i)
    photo(tmp_path / "trainA" / "alone.png")
    report = check(tmp_path)
    assert report.facts[0] == "layout: pairs from two folders, matched by file name: train 4 + 4"
    assert [problem.split(":")[0] for problem in report.problems] == [
        "1 images without a partner",
        "1 pairs whose halves differ in size",
    ]
    as_unpaired = check(tmp_path, Unpaired())
    assert as_unpaired.facts[0] == "layout: two unpaired collections: train 5 + 4"


def test_layouts_are_told_apart(unpaired: Path, tmp_path: Path) -> None:
    assert check(unpaired).facts[0] == "layout: two unpaired collections: train 5 + 3, test 2 + 3"
    photo(tmp_path / "photos" / "1.png", 12, 12)
    assert detect(tmp_path / "photos").words == "single images"
    for i in range(3):
        photo(tmp_path / "few" / "trainA" / f"{i}.png")
        photo(tmp_path / "few" / "trainB" / f"{i + 2}.png")
    assert detect(tmp_path / "few").words == "two unpaired collections"
    with pytest.raises(UserError, match="no such folder"):
        check(tmp_path / "nowhere")


def test_checksums(tmp_path: Path) -> None:
    paths = [photo(tmp_path / "set" / "train" / f"{i}.png") for i in range(3)]
    listed = tmp_path / "set.sha256"
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  set/train/{path.name}" for path in paths]
    listed.write_text("\n".join(lines) + "\n")
    assert wrong_checksums(tmp_path / "set", listed) == []
    paths[0].unlink()
    photo(paths[1], seed=99)
    assert wrong_checksums(tmp_path / "set", listed) == ["train/0.png is missing", "train/1.png differs"]
    assert "files are not the original ones" in check(tmp_path / "set", checksums=listed).problems[-1]
