"""Samples as pure functions of seed and position; partners share crop and mirroring, strangers do not."""

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.data import transforms as T
from gan_zoo.data.color import lab_tensors
from gan_zoo.data.datasets import Album, Colorize, Images, Kind, Paired, Problems, Repair, Shot, Unpaired
from gan_zoo.data.folders import Source, Split, read_headers
from gan_zoo.data.loader import Failure

from .conftest import photo

RGB = {"a": 3, "b": 3}


def build(
    kind: Kind, root: Path, shot: Shot, channels: Mapping[str, int] = RGB, split: str = "train", skip: bool = False
) -> Images:
    return kind.build(kind.layout(root).splits[split], shot, channels, Album(), skip)


def good(sample: dict[str, torch.Tensor] | Failure) -> dict[str, torch.Tensor]:
    assert not isinstance(sample, Failure), sample.message
    return sample


def test_partners_share_order_crop_and_mirroring(tmp_path: Path) -> None:
    for i in range(6):
        half = photo(tmp_path / "half.png", 12, 12, seed=i)
        both = Image.new("RGB", (24, 12))
        for x in (0, 12):
            both.paste(Image.open(half), (x, 0))
        (tmp_path / "set" / "train").mkdir(parents=True, exist_ok=True)
        both.save(tmp_path / "set" / "train" / f"{i}.png")
    images = build(Paired(), tmp_path / "set", Shot(T.ResizeAndCrop(14, 8), seed=1))
    for position in range(12):
        sample = good(images[position])
        assert torch.equal(sample["a"], sample["b"])
        assert sample["a"].shape == (3, 8, 8)


def test_strangers_are_shuffled_and_cropped_apart(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB"):
        for i in range(6):
            photo(tmp_path / folder / f"{i}.png", 12, 12, seed=i)
    images = build(Unpaired(), tmp_path, Shot(T.ResizeAndCrop(14, 8), seed=1))
    pairs = [(images.domains["a"].order[p], images.domains["b"].order[p]) for p in range(60)]
    assert len(set(pairs)) > 20
    still = Shot(T.ResizeAndCrop(14, 8), seed=1)
    picture = Image.new("RGB", (12, 12))
    assert [still.placement("a", p, picture) for p in range(9)] != [still.placement("b", p, picture) for p in range(9)]


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


def test_lab_samples(glued: Path, tmp_path: Path) -> None:
    mode = T.ResizeAndCrop(12, 12)
    images = build(Colorize(half="right"), glued, Shot(mode, augment=False), split="val")
    lightness, chroma = lab_tensors(np.asarray(Image.open(glued / "val" / "1.png").crop((12, 0, 24, 12))))
    sample = good(images[1])
    assert torch.equal(sample["a"], lightness)
    assert torch.equal(sample["b"], chroma)
    assert len(build(Colorize(), glued, Shot(mode))) == 5
    (tmp_path / "deep").mkdir()
    Image.fromarray(np.full((12, 12), 65535, dtype=np.uint16)).save(tmp_path / "deep" / "white.png")
    white = good(build(Colorize(), tmp_path / "deep", Shot(mode))[0])
    assert white["a"].min() > 0.999


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


@pytest.mark.parametrize("kind", [Paired(), Unpaired()])
def test_problems_are_found_before_training(kind: Kind, tmp_path: Path) -> None:
    photo(tmp_path / "train" / "good.png", 40, 20)
    photo(tmp_path / "train" / "odd.png", 41, 20)
    photo(tmp_path / "train" / "small.png", 40, 6)
    (tmp_path / "train" / "torn.png").write_bytes(b"x")
    split = kind.layout(tmp_path).splits["train"]
    found = kind.problems(split, read_headers(source.path for source in split.a), T.Crop(10, 10))
    text = "\n".join(found.messages())
    assert len(found.messages()) == 3
    assert "odd.png: 41 pixels wide, which does not halve into A and B: odd width" in text
    assert "small.png: 20x6 is smaller than the crop" in text
    assert "torn.png: not a readable image" in text
    assert [source.path.name for source in found.without(split, together=True).a] == ["good.png"]


def test_partners_of_unlike_size(tmp_path: Path) -> None:
    for i in range(2):
        photo(tmp_path / "A" / f"{i}.png", 12, 12)
        photo(tmp_path / "B" / f"{i}.png", 12, 12 + i)
    split = Paired().layout(tmp_path).splits["train"]
    headers = read_headers(source.path for source in (*split.a, *split.b))
    (message,) = Paired().problems(split, headers, T.ResizeAndCrop(14, 8)).messages()
    assert message == f"{tmp_path}/A/1.png is 12x12 but its partner {tmp_path}/B/1.png is 12x13: make them equal"


def test_partners_leave_together_and_strangers_do_not() -> None:
    sources = [tuple(Source(Path(f"{side}{i}")) for i in range(3)) for side in "ab"]
    problems = Problems([(0, "x")], [(2, "y")])
    together, apart = (problems.without(Split(*sources), value) for value in (True, False))
    assert [len(together.a), len(together.b)] == [1, 1]
    assert [source.path.name for source in apart.b] == ["b0", "b1"]


def test_damage_leaves_known_pixels_and_says_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    photo(tmp_path / "train" / "0.png", 64, 64)
    images = build(Repair(), tmp_path, Shot(T.KeepSize(64, 64), augment=False), {"a": 4, "b": 3})
    sample = good(images[0])
    alpha, whole = sample["a"][3:], sample["b"]
    assert set(alpha.unique().tolist()) == {-1.0, 1.0}
    assert 0.05 < (alpha < 0).float().mean() < 0.5
    torch.testing.assert_close(sample["a"][:3], whole * (alpha > 0), rtol=0, atol=0)
    torch.testing.assert_close(good(images[0])["a"], sample["a"], rtol=0, atol=0)


def test_holes_depend_on_the_position_alone(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    photo(tmp_path / "train" / "0.png", 64, 64)
    images = build(Repair(), tmp_path, Shot(T.KeepSize(64, 64)), {"a": 4, "b": 3})
    first, second = good(images[0])["a"][3:], good(images[1])["a"][3:]
    assert not torch.equal(first, second)
    assert torch.equal(first, good(images[0])["a"][3:])
