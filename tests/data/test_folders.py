"""Layouts: every one that is promised, and what is said where there is none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gan_zoo.data import folders
from gan_zoo.data.folders import Source
from gan_zoo.errors import UserError

from .conftest import photo


def make(root: Path, *names: str) -> Path:
    for name in names:
        photo(root / name, 8, 4)
    return root


def names(root: Path, sources: tuple[Source, ...]) -> list[str]:
    return [source.path.relative_to(root).as_posix() for source in sources]


def test_glued_pairs(tmp_path: Path) -> None:
    root = make(tmp_path, "train/1.png", "train/10.JPG", "train/2.png", "val/1.png", "train/deep/er/0.png")
    layout = folders.detect_pairs(root)
    assert layout.words == "glued pairs (A left half, B right half)"
    assert list(layout.splits) == ["train", "val"]
    train = layout.splits["train"]
    assert names(root, train.a) == ["train/1.png", "train/10.JPG", "train/2.png", "train/deep/er/0.png"]
    assert [source[1:3] for source in train.a] == [(0, 2)] * 4
    assert [source[1:3] for source in train.b] == [(1, 2)] * 4
    assert [a.path for a in train.a] == [b.path for b in train.b]


@pytest.mark.parametrize(
    "pattern",
    ["{split}{d}/{n}", "{split}_{d}/{n}", "{split}/{d}/{n}", "{d}/{split}/{n}"],
)
def test_two_folders(pattern: str, tmp_path: Path) -> None:
    for split in ("train", "test"):
        for d in ("A", "B"):
            for n in ("1.png", "sub/2.png"):
                make(tmp_path, pattern.format(split=split, d=d, n=n))
    for detect, words in (
        (folders.detect_pairs, "pairs from two folders, matched by file name"),
        (folders.detect_unpaired, "two unpaired collections"),
    ):
        layout = detect(tmp_path)
        assert layout.words == words
        assert {split: (len(s.a), len(s.b)) for split, s in layout.splits.items()} == {"train": (2, 2), "test": (2, 2)}
        assert all("A" in name and "B" not in name for name in names(tmp_path, layout.splits["train"].a))
        assert layout.problems == ()


def test_plain_a_and_b_are_for_training(tmp_path: Path) -> None:
    layout = folders.detect_pairs(make(tmp_path, "a/x.png", "B/x.jpg"))
    assert list(layout.splits) == ["train"]
    assert names(tmp_path, layout.splits["train"].b) == ["B/x.jpg"]
    assert layout.split("val") is None


def test_other_names_for_the_domains(tmp_path: Path) -> None:
    layout = folders.detect_unpaired(make(tmp_path, "train/photo/x.png", "train/label/y.png"), "photo", "label")
    assert names(tmp_path, layout.splits["train"].b) == ["train/label/y.png"]


def test_val_and_test_stand_in_for_each_other(tmp_path: Path) -> None:
    layout = folders.detect_pairs(make(tmp_path, "TRAIN/1.png", "Validation/1.png"))
    assert layout.split("test") is layout.splits["val"]
    assert layout.split("val") is layout.splits["val"]
    other = folders.detect_pairs(make(tmp_path / "o", "train/1.png", "test/1.png"))
    assert other.split("val") is other.splits["test"]
    assert other.split("train") is other.splits["train"]


def test_unpaired_from_glued_pairs(tmp_path: Path) -> None:
    layout = folders.detect_unpaired(make(tmp_path, "train/1.png"))
    assert layout.words == "glued pairs, cut in halves and shuffled apart"
    assert layout.splits["train"].b == (Source(tmp_path / "train/1.png", 1, 2),)


def test_single_images(tmp_path: Path) -> None:
    flat = folders.detect_single(make(tmp_path / "flat", "1.png", "deep/2.png"))
    assert names(tmp_path / "flat", flat.splits["train"].a) == ["1.png", "deep/2.png"]
    assert flat.splits["train"].b == ()
    two = folders.detect_single(make(tmp_path / "two", "trainA/1.png", "trainB/1.png", "testA/1.png", "testB/2.png"))
    assert names(tmp_path / "two", two.splits["train"].a) == ["trainA/1.png", "trainB/1.png"]
    halves = folders.detect_single(make(tmp_path / "half", "train/1.png"), "right")
    assert halves.splits["train"].a[0][1:3] == (1, 2)
    assert halves.words == "the right halves of images"
    (tmp_path / "joined").mkdir()
    (tmp_path / "joined" / "collection.json").write_text(
        '[{"folder": "../two"}, {"folder": "../half", "half": "left"}]'
    )
    joined = folders.detect_single(tmp_path / "joined")
    assert joined.words == "single images of two and half"
    assert [len(split.a) for split in joined.splits.values()] == [3, 2]
    assert [source.strips for source in joined.splits["train"].a] == [1, 1, 2]
    for nonsense in ("{", "[1]", '[{"dir": "x"}]'):
        (tmp_path / "joined" / "collection.json").write_text(nonsense)
        with pytest.raises(UserError, match=r"collection\.json: cannot be understood"):
            folders.detect_single(tmp_path / "joined")
    with pytest.raises(UserError, match=r"half=lef is not known \(did you mean left"):
        folders.detect_single(tmp_path / "half", "lef")


def test_partners(tmp_path: Path) -> None:
    layout = folders.detect_pairs(make(tmp_path, "trainA/1.png", "trainB/1.jpg", "trainA/2.png", "trainB/3.png"))
    assert len(layout.splits["train"].a) == 1
    assert layout.problems == (
        f"{tmp_path}/trainA/2.png: no image of that name in {tmp_path}/trainB",
        f"{tmp_path}/trainB/3.png: no image of that name in {tmp_path}/trainA",
    )


@pytest.mark.parametrize(
    ("files", "detect", "said"),
    [
        (("trainA/1.png", "trainB/2.png"), folders.detect_pairs, "no two images share a name.*data=unpaired"),
        (("trainA/1.png", "trainA/1.jpg", "trainB/1.png"), folders.detect_pairs, "shares its name with"),
        (("trainA/1.png",), folders.detect_unpaired, r"trainA: the folder of domain B is missing"),
        (("maps/train/1.png",), folders.detect_pairs, r"one folder deeper: data\.root=.*maps"),
        (("maps/trainA/1.png",), folders.detect_unpaired, r"one folder deeper: data\.root=.*maps"),
        (("ink/1.png", "photo/1.png"), folders.detect_pairs, r"\(ink, photo\) are A and B\?.*\+data\.dataset\.b=photo"),
    ],
)
def test_what_is_wrong_is_said(
    files: tuple[str, ...], detect: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    make(tmp_path, *files)
    with pytest.raises(UserError, match=said) as caught:
        detect(tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_empty_and_unreadable_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such folder"):
        folders.detect_pairs(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="a file, not a folder"):
        folders.detect_pairs(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no images in it; expected train/"):
        folders.detect_pairs(tmp_path / "empty")
    (tmp_path / "hollow" / "trainA").mkdir(parents=True)
    (tmp_path / "hollow" / "trainB").mkdir()
    with pytest.raises(UserError, match=r"trainA: no images in it"):
        folders.detect_unpaired(tmp_path / "hollow")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(UserError, match="cannot be read: check its permissions"):
        folders.detect_pairs(tmp_path / "empty")


def test_hidden_files_and_other_files_are_left_out(tmp_path: Path) -> None:
    root = make(tmp_path, "train/1.png", "train/.2.png", "train/.thumbs/3.png")
    (root / "train" / "notes.txt").write_text("x")
    assert names(root, folders.sources(root / "train")) == ["train/1.png"]


def test_headers_of_good_and_bad_files(tmp_path: Path) -> None:
    good, bad = photo(tmp_path / "good.png", 8, 4), tmp_path / "bad.png"
    bad.write_bytes(b"x")
    found = folders.read_headers([good, bad, good])
    assert list(found) == [good, bad]
    assert found[good].width == 8
    assert isinstance(found[bad], UserError)
