"""Samples of label maps: one placement for all parts, ids as they are, and what does not fit together."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.data.conftest import good, id_map, label_set, photo

from gan_zoo.data import transforms_labels as T
from gan_zoo.data.folders import read_headers
from gan_zoo.data.kinds.labelmaps import LabelImages, LabelMaps
from gan_zoo.data.loader import Failure
from gan_zoo.data.samples import Album, Shot

KIND = LabelMaps(labels=6)


def build(root: Path, shot: Shot, kind: LabelMaps = KIND, split: str = "train", skip: bool = False) -> LabelImages:
    found = kind.build(kind.layout(root).splits[split], shot, kind.channels, Album(), skip)
    assert isinstance(found, LabelImages)
    return found


def test_samples_hold_ids_and_a_picture(labelled: Path) -> None:
    sample = good(build(labelled, Shot(T.ScaleWidth(16), augment=False))[2])
    assert {name: (tuple(one.shape), one.dtype) for name, one in sample.items()} == {
        "label": ((1, 8, 16), torch.int64),
        "instance": ((1, 8, 16), torch.int64),
        "image": ((3, 8, 16), torch.float32),
    }
    label = torch.from_numpy(np.array(Image.open(labelled / "train_label" / "2.png"))).long()[None]
    assert torch.equal(sample["label"], label)
    assert torch.equal(sample["instance"], label * 1000 + 33002)  # more than 32767: not signed
    assert torch.equal(sample["image"], T.ScaleWidth(16)(Image.open(labelled / "train_img" / "2.jpg")))


def test_all_parts_share_order_crop_and_mirroring(labelled: Path) -> None:
    for i in range(4):  # a photo and features that show the ids
        ids = np.asarray(Image.open(labelled / "train_label" / f"{i}.png"))
        (labelled / "train_img" / f"{i}.jpg").unlink()
        for folder in ("train_img", "train_feat"):
            (labelled / folder).mkdir(exist_ok=True)
            Image.fromarray(np.repeat(ids[:, :, None] * 40, 3, axis=2)).save(labelled / folder / f"{i}.png")
    images = build(labelled, Shot(T.Crop(16, 6), seed=1), replace(KIND, features=True))
    seen = set()
    for position in range(16):
        sample = good(images[position])
        shown = ((sample["image"] + 1) * 127.5 / 40).round().long()
        assert torch.equal(shown, sample["label"].expand(3, -1, -1))
        assert torch.equal(sample["feature"], sample["image"])
        number = images.domains["label"].order[position]
        assert torch.equal(sample["instance"], sample["label"] * 1000 + 33000 + number)
        seen.add(tuple(sample["label"].flatten().tolist()))
    assert len(seen) > 6
    again = build(labelled, Shot(T.Crop(16, 6), seed=1), replace(KIND, features=True))
    assert torch.equal(good(again[5])["label"], good(images[5])["label"])


def test_features_of_another_size_are_brought_to_that_of_the_label_map(labelled: Path) -> None:
    for i in range(4):
        photo(labelled / "train_feat" / f"{i}.png", 8, 4, seed=i)
    sample = good(build(labelled, Shot(T.ScaleWidth(16), augment=False), replace(KIND, features=True))[0])
    small = T.ScaleWidth(8)(Image.open(labelled / "train_feat" / "0.png"))
    assert torch.equal(sample["feature"], small.repeat_interleave(2, 1).repeat_interleave(2, 2))


def test_without_instances(labelled: Path) -> None:
    sample = good(build(labelled, Shot(T.ScaleWidth(16)), replace(KIND, instances=False))[0])
    assert set(sample) == {"label", "image"}


def test_parts_of_unlike_size_are_problems_and_failures(labelled: Path) -> None:
    id_map(labelled / "train_inst" / "1.png", np.zeros((8, 12), dtype=np.uint16))
    photo(labelled / "train_img" / "2.jpg", 16, 9)
    (labelled / "train_img" / "3.jpg").write_bytes(b"")
    split = KIND.layout(labelled).splits["train"]
    headers = read_headers(source.path for source in split.sources())
    found = KIND.problems(split, headers, T.ScaleWidth(16))
    assert set(found.messages()) == {
        f"{labelled}/train_inst/1.png is 12x8 but its label map {labelled}/train_label/1.png is 16x8: make them equal",
        f"{labelled}/train_img/2.jpg is 16x9 but its label map {labelled}/train_label/2.png is 16x8: make them equal",
        f"{labelled}/train_img/3.jpg: the file is empty (0 bytes): remove or replace it",
    }
    left = found.without(split, together=True)
    assert [len(side) for side in (left.a, left.b, left.more["instance"])] == [1, 1, 1]
    images = build(labelled, Shot(T.ScaleWidth(16), augment=False))
    for number, said in ((1, "is 12x8 but"), (2, "is 16x9 but"), (3, "is empty")):
        failure = images[number]
        assert isinstance(failure, Failure)
        assert said in failure.message


def test_sizes_the_generator_cannot_make_are_problems(labelled: Path) -> None:
    split = KIND.layout(labelled).splits["train"]
    headers = read_headers(source.path for source in split.sources())
    found = KIND.problems(split, headers, T.ScaleWidth(32, 1, 32))
    assert len(found.messages()) == 4
    assert "0.png: 16x8 becomes 32x16, and this generator" in found.messages()[0]
    assert KIND.problems(split, headers, T.ScaleWidth(32, 1, 16)).messages() == []


@pytest.mark.parametrize("skip", [False, True])
def test_an_id_outside_the_range_fails_or_gives_way(skip: bool, tmp_path: Path) -> None:
    root = label_set(tmp_path, {"train": 3})
    id_map(root / "train_label" / "1.png", np.full((8, 16), 9, dtype=np.uint8))
    sample = build(root, Shot(T.ScaleWidth(16), augment=False), skip=skip)[1]
    if skip:
        assert good(sample)["label"].max() == 5
    else:
        assert isinstance(sample, Failure)
        assert "1.png: label 9 is outside 0..5" in sample.message


def test_its_modes_serve_pairs_of_pictures_too(tmp_path: Path) -> None:
    from gan_zoo.data.datamodule import ImageDataModule
    from gan_zoo.data.kinds.paired import Paired

    for side in "AB":
        photo(tmp_path / f"train{side}" / "0.png", 100, 58, seed=7)
    mode = partial(T.KeepSize, multiple=16)
    data = ImageDataModule("mine", tmp_path, Paired(), preprocess=mode, num_workers=0)
    batch = next(iter(data.train_dataloader()))
    assert batch["a"].shape == (1, 3, 64, 96)
    assert torch.equal(batch["a"], batch["b"])
