"""pix2pixHD's modes: sizes, draws, what they mean at test time, and sizes that the generator cannot make."""

import random

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.data import transforms_labels as T
from gan_zoo.data.transforms import Placement
from gan_zoo.errors import UserError


@pytest.mark.parametrize(
    ("name", "size", "load", "crop", "multiple", "result"),
    [
        ("scale_width", (100, 58), 64, 999, 1, (64, 37)),  # 37.12: not rounded, whatever the crop
        ("scale_width", (64, 59), 64, 999, 1, (64, 59)),
        ("resize_and_crop", (100, 58), 64, 48, 16, (48, 48)),
        ("scale_width_and_crop", (100, 58), 80, 40, 8, (40, 40)),
        ("crop", (100, 58), 1, 48, 16, (48, 48)),
        ("crop", (100, 30), 1, 48, 16, (48, 48)),  # the shorter side is padded
        ("crop", (40, 30), 1, 48, 10, (40, 30)),  # not larger in either side: left alone
        ("none", (100, 58), 1, 1, 16, (96, 64)),
        ("none", (40, 24), 1, 1, 16, (32, 32)),  # 2.5 and 1.5: half to even
        ("none", (3, 5), 1, 1, 16, (16, 16)),
    ],
)
def test_sizes(name: str, size: tuple[int, int], load: int, crop: int, multiple: int, result: tuple[int, int]) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    mode = T.MODES[name](load, crop, multiple)
    assert mode(image, Placement(3, 2, True)).shape == (3, result[1], result[0])
    assert mode.result(*size) == result
    mode.check(size)


def test_a_short_side_is_padded_with_black_and_drawn_at_zero() -> None:
    image = Image.fromarray(np.full((30, 100), 7, dtype=np.uint8))
    mode = T.Crop(1, 48)
    draws = [mode.draw(random.Random(seed), image.size) for seed in range(300)]
    assert {place.y for place in draws} == {0}
    assert {place.x for place in draws} == set(range(53))
    cropped = np.asarray(mode.apply(image, draws[0], Image.Resampling.NEAREST))
    assert cropped[:30].min() == 7
    assert cropped[30:].max() == 0


def test_the_crop_is_drawn_within_the_scaled_picture() -> None:
    draws = [T.ScaleWidthAndCrop(80, 40).draw(random.Random(seed), (100, 58)) for seed in range(900)]
    assert {place.x for place in draws} == set(range(41))
    assert {place.y for place in draws} == set(range(7))  # 80 * 58 // 100 - 40


def test_width_rounded_to_multiples() -> None:
    assert T.ScaleWidthRounded(64, 1, 16).target(100, 58) == (64, 32)
    assert T.ScaleWidthRounded(70, 1, 32).target(100, 20) == (64, 32)


def test_test_time() -> None:
    assert T.ScaleWidth(64, 48, 16).at_test_time() == T.ScaleWidth(64, 48, 16)
    assert T.ResizeAndCrop(64, 48, 16).at_test_time() == T.ResizeAndCrop(48, 48, 16)
    assert T.ScaleWidthAndCrop(64, 48, 16).at_test_time() == T.ScaleWidthRounded(64, 48, 16)
    assert T.Crop(64, 48, 16).at_test_time() == T.KeepSize(64, 48, 16)
    assert T.KeepSize(64, 48, 16).at_test_time() == T.KeepSize(64, 48, 16)


def test_sizes_that_the_generator_cannot_make_are_said() -> None:
    with pytest.raises(UserError, match=r"^100x58 becomes 64x37, .*multiples of 16: .*load_size=64.*Rounded$"):
        T.ScaleWidth(64, 48, 16).check((100, 58))
    with pytest.raises(UserError, match=r"100x58 becomes 50x50"):
        T.Crop(64, 50, 16).check((100, 58))
    with pytest.raises(UserError, match=r"data\.multiple=0"):
        T.KeepSize(multiple=0)


def test_ids_stay_ids() -> None:
    ids = np.random.default_rng(1).choice([0, 33001, 70000], (58, 100)).astype(np.int32)
    for mode in (T.ScaleWidth(64), T.ResizeAndCrop(64, 48), T.KeepSize(multiple=16)):
        got = np.asarray(mode.apply(Image.fromarray(ids), Placement(2, 3, True), Image.Resampling.NEAREST))
        assert set(np.unique(got)) <= {0, 33001, 70000}
        photo = Image.fromarray((ids > 0).astype(np.uint8) * 255)
        assert torch.unique(mode(photo, Placement(), 1)).numel() > 2  # pictures are interpolated
