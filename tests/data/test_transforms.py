"""The references' preprocessing: the golden cases' arrays, the modes' sizes, the way back to bytes."""

import random
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from gan_zoo.data import transforms as T
from gan_zoo.data.color import lab_tensors, lab_to_rgb
from gan_zoo.errors import UserError

from .conftest import load_recipe

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]], npt.NDArray[np.uint8]]:
    recipe: ModuleType = load_recipe(GOLDEN)
    case, arrays = recipe.load(GOLDEN / "pix2pix" / name)
    made = recipe.images(case["inputs"]["image"]["name"], tuple(case["inputs"]["image"]["shape"]))
    return case, arrays, np.floor((made[0] + 1) * 127.5 + 0.5).astype(np.uint8).transpose(1, 2, 0)


def test_every_array_of_the_preprocessing_case() -> None:
    case, arrays, image = golden("data_60x80")
    for name, said in case["outputs"].items():
        if name in ("crop_draws", "tensor2im"):
            continue
        mode = T.MODES[said["preprocess"]](said["load_size"], said["crop_size"])
        place = T.Placement(*said["crop_pos (x, y)"], flip=said["flip"])
        got = mode(image, place, channels=1 if said["grayscale"] else 3)
        assert got.dtype == torch.float32
        np.testing.assert_array_equal(got.numpy(), arrays.pop(name), err_msg=name)
    mode = T.ResizeAndCrop(48, 32)
    rng = random.Random(11)
    draws = [T.crop_params(rng, (80, 60), mode) for _ in range(200)]
    np.testing.assert_array_equal(np.array(draws, dtype=np.int64), arrays.pop("crop_draws"))
    got8 = T.to_uint8_truncated(mode(image, T.Placement(5, 9))[None])
    np.testing.assert_array_equal(got8, arrays.pop("tensor2im"))
    assert not arrays, f"not compared: {sorted(arrays)}"


def test_every_array_of_the_colourisation_case() -> None:
    case, arrays, image = golden("data_colorization")
    options = case["config"]
    mode = T.MODES[options["preprocess"]](options["load_size"], options["crop_size"])
    a, b = lab_tensors(np.asarray(mode.apply(Image.fromarray(image))))
    np.testing.assert_allclose(a.numpy(), arrays.pop("A"), rtol=0, atol=1e-7)
    np.testing.assert_allclose(b.numpy(), expected := arrays.pop("B"), rtol=0, atol=1e-7)
    rgb = lab_to_rgb(a, torch.from_numpy(expected) * 0.5)
    np.testing.assert_allclose(rgb.permute(1, 2, 0).numpy(), arrays.pop("rgb"), rtol=0, atol=2e-5)
    assert not arrays, f"not compared: {sorted(arrays)}"


@pytest.mark.parametrize(
    ("name", "size", "load", "crop", "result"),
    [
        ("resize_and_crop", (37, 91), 40, 24, (24, 24)),
        ("crop", (37, 91), 40, 24, (24, 24)),
        ("crop", (20, 24), 40, 24, (20, 24)),  # not larger in either side: left alone
        ("crop", (20, 31), 40, 24, (24, 24)),  # larger in one: Pillow pads with black
        ("scale_width", (37, 91), 40, 24, (40, 98)),
        ("scale_width", (90, 30), 40, 24, (40, 24)),  # the height is at least the crop
        ("scale_width", (40, 30), 40, 24, (40, 30)),
        ("scale_width", (40, 20), 40, 24, (40, 24)),
        ("scale_width_and_crop", (37, 91), 40, 24, (24, 24)),
        ("none", (38, 91), 40, 24, (40, 92)),  # 9.5 and 22.75 quarters: half to even
        ("none", (34, 30), 40, 24, (32, 32)),
        ("none", (1, 2), 40, 24, (4, 4)),
    ],
)
def test_sizes(name: str, size: tuple[int, int], load: int, crop: int, result: tuple[int, int]) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    got = T.MODES[name](load, crop)(image, T.Placement(3, 2, True), channels=1)
    assert got.shape == (1, result[1], result[0])


def test_flip_mirrors_after_the_crop_and_gray_comes_first() -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (50, 60, 3), dtype=np.uint8))
    mode = T.ResizeAndCrop(40, 32)
    torch.testing.assert_close(
        mode(image, T.Placement(1, 5, True)), mode(image, T.Placement(1, 5)).flip(2), rtol=0, atol=0
    )
    gray = mode(image.convert("L"), T.Placement(1, 5), channels=1)
    torch.testing.assert_close(mode(image, T.Placement(1, 5), channels=1), gray, rtol=0, atol=0)


def test_draws_stay_inside_and_reach_both_ends() -> None:
    rng = random.Random(0)
    for mode, size, limits in [
        (T.ResizeAndCrop(9, 8), (50, 20), (1, 1)),
        (T.Crop(9, 8), (10, 8), (2, 0)),
        (T.ScaleWidthAndCrop(12, 8), (24, 20), (4, 2)),  # 12 x 10
        (T.KeepSize(9, 8), (10, 8), (2, 0)),
    ]:
        draws = [T.crop_params(rng, size, mode) for _ in range(300)]
        assert {d.x for d in draws} == set(range(limits[0] + 1))
        assert {d.y for d in draws} == set(range(limits[1] + 1))
        assert {d.flip for d in draws} == {True, False}


def test_test_time_modes() -> None:
    assert T.ResizeAndCrop(286, 256).at_test_time() == T.ResizeAndCrop(256, 256)
    assert T.ScaleWidthAndCrop(1024, 360).at_test_time() == T.ScaleWidth(1024, 360)
    assert T.Crop(286, 256).at_test_time() == T.KeepSize(286, 256)
    assert T.KeepSize(286, 256).at_test_time() == T.KeepSize(286, 256)


def test_too_small_for_the_crop_is_said() -> None:
    with pytest.raises(UserError, match=r"^30x20 is smaller than the crop: lower data\.crop_size=24"):
        T.Crop(40, 24).check((30, 20))
    with pytest.raises(UserError, match=r"300x200 \(20x20 after resizing\) is smaller than the crop"):
        T.ResizeAndCrop(20, 24).check((300, 200))
    T.ScaleWidth(40, 24).check((3, 2))
    T.Crop(40, 24).check((24, 24))
    with pytest.raises(UserError, match=r"data\.crop_size=0"):
        T.Crop(40, 0)


def test_float_pictures_keep_their_depth() -> None:
    rng = np.random.default_rng(2)
    deep = rng.random((20, 30, 5), dtype=np.float32)
    got = T.KeepSize()(deep, T.Placement(), channels=5)
    assert got.shape == (5, 20, 32)
    assert got.unique().numel() > 256 * 5
    same = T.Crop(30, 20)(deep, T.Placement(4, 0), channels=5)
    np.testing.assert_allclose(same.numpy(), deep[:, 4:24].transpose(2, 0, 1) * 2 - 1, atol=1e-6)
    eight = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    near = T.ResizeAndCrop(16, 16)((eight / 255).astype(np.float32))
    exact = T.ResizeAndCrop(16, 16)(eight)
    assert (near - exact).abs().max() <= 2.2 / 255  # 8 bits are rounded after each of two passes, float is not


def test_to_bytes() -> None:
    levels = torch.arange(256) / 255 * 2 - 1
    assert torch.equal(T.to_uint8(levels), torch.arange(256, dtype=torch.uint8))
    assert T.to_uint8(torch.tensor([-3.0, 3.0])).tolist() == [0, 255]
    assert T.to_uint8_truncated(torch.full((1, 1, 2, 2), 0.999)).max() == 254
    assert T.to_uint8_truncated(torch.zeros(1, 2, 2)).shape == (2, 2, 3)


@pytest.mark.parametrize("size", [(33, 71), (90, 41), (256, 178), (7, 9)])
@pytest.mark.parametrize("gray", [False, True])
def test_equals_torchvision_on_odd_sizes(size: tuple[int, int], gray: bool) -> None:
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import functional as F

    image = Image.fromarray(np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    expected = F.to_grayscale(image) if gray else image
    expected = F.resize(expected, [37, 37], InterpolationMode.BICUBIC)
    expected = F.hflip(F.crop(expected, 4, 2, 31, 31))
    expected = F.normalize(F.to_tensor(expected), [0.5], [0.5])
    got = T.ResizeAndCrop(37, 31)(image, T.Placement(2, 4, True), channels=1 if gray else 3)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)
