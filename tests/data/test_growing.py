"""Batches that grow: sizes, shares, places in the stream, memory."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from tests.data.conftest import build, photo

from gan_zoo.data.growing import Growing, GrowingSampler, Part, grows, whole
from gan_zoo.data.kinds.pictures import Pictures
from gan_zoo.data.levels import at_side, prepared
from gan_zoo.data.loader import Failure
from gan_zoo.data.samples import Shot
from gan_zoo.data.transforms_square import CentreSquare
from gan_zoo.errors import UserError


class Stage(NamedTuple):
    lod: float
    resolution: int
    batch: int


@dataclass
class Steps:
    """4 px with 8 pictures until 40 have been seen, then 8 px with 4."""

    resolution: int = 8
    every: int = 2
    total_kimg: float | None = 0.06

    def at(self, images: int, devices: int = 1) -> Stage:
        lod = 1.0 if images < 20 else max(0.0, 2 - images / 20) if images < 40 else 0.0
        return Stage(lod, 4 if lod == 1.0 else 8, 8 if lod == 1.0 else 4)


def sampler(done: int = 0, images: int = 0, world: int = 1, rank: int = 0, **options: bool) -> GrowingSampler:
    return GrowingSampler(Steps(), lambda: (images, done), world, rank, **options)


def test_size_and_level_follow_the_images_seen() -> None:
    parts = list(sampler(whole=True))
    assert [part.first for part in parts] == [0, 8, 16, 24, 32, 36, 40, 44, 48, 52, 56, 60]
    assert [part.size for part in parts] == [8] * 4 + [4] * 8
    assert [part.side for part in parts] == [4] * 4 + [8] * 8
    assert parts[4].lod == parts[5].lod == pytest.approx(0.4)  # looked at every other batch
    assert len(sampler(whole=True)) == len(parts)


def test_without_an_end_there_is_no_length() -> None:
    with pytest.raises(TypeError):
        len(sampler())
    assert len(list(islice(sampler(), 50))) == 50


@pytest.mark.parametrize("number", range(12))
def test_it_goes_on_from_any_batch(number: int) -> None:
    parts = list(sampler(whole=True))
    looked = parts[number - number % 2]
    assert list(sampler(number % 2, looked.first, whole=True)) == parts[number:]


def test_ranks_share_each_batch() -> None:
    alone = list(sampler(whole=True))
    ranks = [list(sampler(world=2, rank=rank, whole=True)) for rank in (0, 1)]
    for one, (first, second) in zip(alone, zip(*ranks, strict=True), strict=True):
        assert (first.first, first.size + second.size) == (one.first, one.size)
        assert second.first == first.first + first.size
        assert first[2:] == second[2:] == one[2:]


def test_more_devices_than_images_are_one_line() -> None:
    class None_(Steps):
        def at(self, images: int, devices: int = 1) -> Stage:
            return Stage(0.0, 8, 0)

    with pytest.raises(UserError, match=r"the batch at 8 px is smaller than the 5 devices"):
        next(iter(GrowingSampler(None_(), lambda: (0, 0), 5)))


def test_what_grows() -> None:
    assert grows(Steps())
    assert not grows(object())


@pytest.fixture
def squares(tmp_path: Path) -> Callable[..., Growing]:
    for i in range(6):
        photo(tmp_path / f"{i}.png", 20, 12, seed=i)

    def make(cache_bytes: int = 0, skip: bool = False, **options: bool) -> Growing:
        shot = Shot(CentreSquare(8, 8), seed=1, **options)
        return Growing(build(Pictures(), tmp_path, shot, {"image": 3}, skip=skip), cache_bytes)

    return make


def good(batch: dict[str, torch.Tensor] | Failure) -> torch.Tensor:
    assert not isinstance(batch, Failure), batch.message
    return batch["image"]


def test_a_batch_is_made_of_its_positions(squares: Callable[..., Growing]) -> None:
    made = squares()
    batch = good(made[Part(3, 4, 1.25, 4)])
    domain, shot = made.images.domains["image"], made.images.shot
    pictures = [made.images.album(domain.source(p)) for p in range(3, 7)]
    pixels = np.stack([at_side(shot.mode.apply(picture), 4) for picture in pictures])
    flips = [shot.placement("image", p, picture).flip for p, picture in zip(range(3, 7), pictures, strict=True)]
    assert torch.equal(batch, prepared(torch.from_numpy(pixels), flips, 1.25))
    assert {True, False} == {made._mirrored(p) for p in range(12)}
    assert not any(squares(flip=False)._mirrored(p) for p in range(12))


def test_memory_changes_nothing_and_holds_one_size(squares: Callable[..., Growing]) -> None:
    plain, small, large = squares(), squares(3 * 3 * 16), squares(10**6)
    for part in (Part(0, 6, 1.0, 4), Part(6, 6, 1.0, 4), Part(12, 6, 0.5, 8)):
        expected = good(plain[part])
        assert torch.equal(good(small[part]), expected)
        assert torch.equal(good(large[part]), expected)
    assert {pixels.shape for pixels in large.kept.values()} == {(3, 8, 8)}
    assert (len(plain.kept), len(small.kept), len(large.kept)) == (0, 0, 6)


def test_unreadable_pictures_are_said_or_left_out(squares: Callable[..., Growing], tmp_path: Path) -> None:
    (tmp_path / "2.png").write_bytes(b"no picture")
    failure = squares()[Part(0, 6, 1.0, 4)]
    assert isinstance(failure, Failure)
    assert "2.png" in failure.message
    assert good(squares(skip=True)[Part(0, 6, 1.0, 4)]).shape == (6, 3, 4, 4)


def test_batches_pass_as_they_come() -> None:
    batch = {"image": torch.zeros(1)}
    assert whole(batch) is batch
