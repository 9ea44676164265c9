"""Folders of pictures, however they are nested."""

from pathlib import Path

import torch
from tests.data.conftest import build, good, photo

from gan_zoo.data.kinds.pictures import Pictures
from gan_zoo.data.samples import Shot
from gan_zoo.data.transforms_square import CentreSquare


def test_folders_of_classes_are_folders(tmp_path: Path) -> None:
    for name in ("a.png", "cats/b.png", "cats/black/c.jpg", "dogs/d.png"):
        photo(tmp_path / name, 12, 20)
    layout = Pictures().layout(tmp_path)
    assert [source.path.name for source in layout.splits["train"].a] == ["a.png", "b.png", "c.jpg", "d.png"]
    assert layout.words == "single images"
    assert list(layout.splits) == ["train"]


def test_a_training_folder_counts_alone(tmp_path: Path) -> None:
    for name in ("train/cats/a.png", "train/b.png", "test/c.png"):
        photo(tmp_path / name)
    splits = Pictures().layout(tmp_path).splits
    assert [len(splits[name].a) for name in ("train", "test")] == [2, 1]


def test_samples_are_one_picture_in_passes_of_their_own_order(tmp_path: Path) -> None:
    for i in range(5):
        photo(tmp_path / f"{i}.png", 12, 20, seed=i)
    images = build(Pictures(), tmp_path, Shot(CentreSquare(8, 8), seed=1), {"image": 3})
    assert good(images[0])["image"].shape == (3, 8, 8)
    order = [images.domains["image"].order[p] for p in range(15)]
    assert all(sorted(order[i : i + 5]) == list(range(5)) for i in (0, 5, 10))
    assert len({tuple(order[i : i + 5]) for i in (0, 5, 10)}) > 1
    sums = {float(good(images[p])["image"].double().sum()) for p in range(5)}
    assert len(sums) == 5
    assert torch.equal(good(images[3])["image"], good(images[3])["image"])
