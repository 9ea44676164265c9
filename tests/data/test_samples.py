"""Samples as pure functions of seed and position."""

import random
import shutil
from pathlib import Path

import torch
from PIL import Image

from gan_zoo.data import transforms as T
from gan_zoo.data.kinds.paired import Paired
from gan_zoo.data.kinds.unpaired import Unpaired
from gan_zoo.data.loader import Failure
from gan_zoo.data.samples import Album, Shot

from .conftest import RGB, build, good


def test_an_epoch_is_the_larger_side_and_the_smaller_one_is_reshuffled(unpaired: Path) -> None:
    images = build(Unpaired(), unpaired, Shot(T.ResizeAndCrop(14, 8), seed=1))
    assert len(images) == 5
    order = images.domains["b"].order
    passes = [tuple(order[p] for p in range(3 * k, 3 * k + 3)) for k in range(20)]
    assert all(sorted(one) == [0, 1, 2] for one in passes)
    assert len(set(passes)) > 3


def test_samples_depend_on_seed_and_position_alone(unpaired: Path) -> None:
    shot = Shot(T.ResizeAndCrop(14, 8), seed=1)
    first, second = build(Unpaired(), unpaired, shot), build(Unpaired(), unpaired, shot)
    forward = [good(first[p]) for p in range(12)]
    random.seed(5)
    torch.manual_seed(5)
    for p in reversed(range(12)):
        assert all(torch.equal(good(second[p])[name], forward[p][name]) for name in ("a", "b"))
    other = build(Unpaired(), unpaired, Shot(T.ResizeAndCrop(14, 8), seed=2))
    assert any(not torch.equal(good(other[p])["a"], forward[p]["a"]) for p in range(12))


def test_the_sample_is_the_reference_s(unpaired: Path) -> None:
    mode = T.ResizeAndCrop(14, 8)
    images = build(Unpaired(), unpaired, Shot(mode, seed=3))
    for position in (0, 7):
        for name, folder in (("a", "trainA"), ("b", "trainB")):
            index = images.domains[name].order[position]
            picture = Image.open(unpaired / folder / f"{folder}{index}.png")
            place = T.crop_params(random.Random(f"3/{name}/{position}"), (12, 12), mode)
            assert torch.equal(good(images[position])[name], mode(picture, place))


def test_without_augmentation_everything_comes_in_order(unpaired: Path) -> None:
    mode = T.ResizeAndCrop(14, 8).at_test_time()
    images = build(Unpaired(), unpaired, Shot(mode, augment=False), split="test")
    assert len(images) == 3
    expected = [mode(Image.open(unpaired / "testA" / f"testA{i % 2}.png")) for i in range(3)]
    assert all(torch.equal(good(images[i])["a"], expected[i]) for i in range(3))


def test_flip_can_be_turned_off(glued: Path) -> None:
    mode = T.ResizeAndCrop(12, 12)
    images = build(Paired(), glued, Shot(mode, seed=1, flip=False))
    order = images.domains["a"].order
    for position in range(10):
        picture = Image.open(glued / "train" / f"{order[position]}.png").crop((0, 0, 12, 12))
        assert torch.equal(good(images[position])["a"], mode(picture))


def test_channels_are_converted_per_side(glued: Path) -> None:
    images = build(Paired(), glued, Shot(T.ResizeAndCrop(14, 8), augment=False), {"a": 1, "b": 3})
    sample = good(images[0])
    assert sample["a"].shape == (1, 8, 8)
    assert sample["b"].shape == (3, 8, 8)
    picture = Image.open(glued / "train" / "0.png").crop((0, 0, 12, 12)).convert("L")
    assert torch.equal(sample["a"], T.ResizeAndCrop(14, 8)(picture, channels=1))


def test_kept_pictures_are_not_read_again(glued: Path) -> None:
    kind, album = Paired(), Album()
    split = kind.layout(glued).splits["train"]
    album.kept = {source.path: Image.new("RGB", (24, 12), (255, 0, 0)) for source in split.a}
    shutil.rmtree(glued)
    sample = good(kind.build(split, Shot(T.ResizeAndCrop(14, 8)), RGB, album)[3])
    assert sample["b"][0].min() == 1
    assert sample["b"][1].max() == -1


def test_unreadable_pictures_fail_or_give_way(glued: Path) -> None:
    kind = Paired()
    split = kind.layout(glued).splits["train"]
    (glued / "train" / "2.png").write_bytes(b"broken")
    shot = Shot(T.ResizeAndCrop(14, 8), augment=False)
    strict, lenient = (kind.build(split, shot, RGB, Album(), skip) for skip in (False, True))
    failure = strict[2]
    assert isinstance(failure, Failure)
    assert "2.png: not a readable image" in failure.message
    assert torch.equal(good(lenient[2])["a"], good(strict[3])["a"])
    assert torch.equal(good(lenient[2])["b"], good(strict[3])["b"])
    for path in (glued / "train").iterdir():
        path.write_bytes(b"broken")
    assert isinstance(lenient[0], Failure)
