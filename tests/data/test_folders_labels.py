"""Layouts of label maps: folders beside each other, Cityscapes' tree, names and positions, what is missing."""

from pathlib import Path

import numpy as np
import pytest

from gan_zoo.data.folders import Layout
from gan_zoo.data.folders_labels import detect_labels, looks_like_label_maps
from gan_zoo.data.images import read
from gan_zoo.data.maps import ReadMap
from gan_zoo.errors import UserError

from .conftest import id_map, photo

PARTS = ("label", "instance", "image")


def detect(root: Path, *parts: str) -> Layout:
    return detect_labels(root, {part: read if part in ("image", "feature") else ReadMap() for part in parts or PARTS})


def names(layout: Layout, split: str) -> list[tuple[str, ...]]:
    found = layout.splits[split]
    sides = [found.a, *found.more.values(), found.b]
    return [tuple(source.path.name for source in row) for row in zip(*sides, strict=True)]


def flat(root: Path, **files: list[str]) -> Path:
    for folder, listed in files.items():
        for name in listed:
            if folder.endswith("img"):
                photo(root / folder / name)
            else:
                id_map(root / folder / name, np.zeros((12, 12), dtype=np.uint8))
    return root


def test_parts_are_matched_by_name(tmp_path: Path) -> None:
    root = flat(tmp_path, train_label=["1.png", "2.png"], train_inst=["2.png", "1.png"], train_img=["1.jpg", "2.jpg"])
    layout = detect(root)
    assert looks_like_label_maps(root)
    assert layout.words == "label maps and instance maps and photos, matched by file name"
    assert names(layout, "train") == [("1.png", "1.png", "1.jpg"), ("2.png", "2.png", "2.jpg")]
    assert isinstance(layout.splits["train"].a[0].reader, ReadMap)
    assert layout.splits["train"].b[0].reader is read


def test_missing_partners_are_named(tmp_path: Path) -> None:
    root = flat(tmp_path, train_label=["1.png", "2.png"], train_inst=["1.png", "2.png"], train_img=["1.jpg", "3.jpg"])
    layout = detect(root)
    assert names(layout, "train") == [("1.png", "1.png", "1.jpg")]
    assert layout.problems == (
        f"{tmp_path}/train_label/2.png: no image of that name in {tmp_path}/train_img",
        f"{tmp_path}/train_img/3.jpg: no image of that name in {tmp_path}/train_label",
    )


def test_cityscapes_names_in_folders_and_in_its_own_tree(tmp_path: Path) -> None:
    frame = "aachen_000000_000019"
    flat(
        tmp_path / "folders",
        train_label=[f"{frame}_gtFine_labelIds.png"],
        train_inst=[f"{frame}_gtFine_instanceIds.png"],
        train_img=[f"{frame}_leftImg8bit.png"],
    )
    assert len(names(detect(tmp_path / "folders"), "train")[0]) == 3
    for split in ("train", "val", "test"):
        place = tmp_path / "tree" / "gtFine" / split / "aachen"
        for kind in ("labelIds", "instanceIds", "color", "labelTrainIds"):
            id_map(place / f"{frame}_gtFine_{kind}.png", np.zeros((12, 12), dtype=np.uint8))
        (place / f"{frame}_gtFine_polygons.json").write_text("{}")
        photo(tmp_path / "tree" / "leftImg8bit" / split / "aachen" / f"{frame}_leftImg8bit.png")
    layout = detect(tmp_path / "tree")
    assert looks_like_label_maps(tmp_path / "tree")
    assert layout.words == "label maps and instance maps and photos of Cityscapes, matched by file name"
    assert set(layout.splits) == {"train", "val"}  # the label maps of its test split are dummies
    expected = (f"{frame}_gtFine_labelIds.png", f"{frame}_gtFine_instanceIds.png", f"{frame}_leftImg8bit.png")
    assert names(layout, "val") == [expected]
    assert layout.split("test") is layout.splits["val"]
    photo(tmp_path / "tree" / "train_feat" / "aachen" / f"{frame}_leftImg8bit.png")  # as an encoder writes them
    photo(tmp_path / "tree" / "val_feat" / "aachen" / f"{frame}_leftImg8bit.png")
    [row] = names(detect(tmp_path / "tree", *PARTS, "feature"), "train")
    assert sorted(row) == sorted([*expected, f"{frame}_leftImg8bit.png"])


def test_by_position_where_no_names_agree(tmp_path: Path) -> None:
    root = flat(
        tmp_path, train_label=["a1.png", "a2.png"], train_inst=["a1.png", "a2.png"], train_img=["x.jpg", "y.jpg"]
    )
    layout = detect(root)
    assert layout.words.endswith("matched by file name; photos by position, since no names agree")
    assert names(layout, "train") == [("a1.png", "a1.png", "x.jpg"), ("a2.png", "a2.png", "y.jpg")]
    photo(root / "train_img" / "z.jpg")
    with pytest.raises(UserError, match=r"none of its 3 photos is named as one of the 2 label maps .* numbers differ"):
        detect(root)


def test_test_data_without_photos_are_not_for_validation(tmp_path: Path) -> None:
    one = ["1.png"]
    root = flat(tmp_path, train_label=one, train_inst=one, train_img=["1.jpg"], test_label=one, test_inst=one)
    layout = detect(root)
    assert layout.split("val") is None
    assert layout.split("test") is layout.splits["test"]
    assert layout.splits["test"].b == ()
    photo(root / "test_img" / "1.jpg")
    assert detect(root).split("val") is not None


def test_missing_folders_say_how_to_do_without(tmp_path: Path) -> None:
    root = flat(tmp_path, train_label=["1.png"], train_img=["1.jpg"])
    with pytest.raises(UserError, match=r"no folder of instance maps \(train_inst\) .*: data\.instances=false"):
        detect(root)
    assert names(detect(root, "label", "image"), "train") == [("1.png", "1.jpg")]
    with pytest.raises(UserError, match=r"no folder of features \(train_feat\) .*: data\.features=false"):
        detect(root, "label", "image", "feature")
    with pytest.raises(UserError, match=r"no label maps in it; expected train_label/"):
        detect(tmp_path / "train_img")
    assert not looks_like_label_maps(tmp_path / "train_img")
    (tmp_path / "train_label" / "1.png").unlink()
    with pytest.raises(UserError, match=r"train_label: no images in it"):
        detect(root, "label", "image")


def test_two_files_of_one_name(tmp_path: Path) -> None:
    root = flat(tmp_path, train_label=["1.png", "1.tif"], train_img=["1.jpg"])
    with pytest.raises(UserError, match=r"shares its name with .*1\.png: which one is the partner is not clear"):
        detect(root, "label", "image")
