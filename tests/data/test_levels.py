"""Pictures at every size: means, rounding, fading (the official code's numbers are golden cases)."""

import numpy as np
import torch
from PIL import Image

from gan_zoo.data.levels import at_side, prepared, to_bytes


def test_each_size_is_the_rounded_mean_of_the_whole() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    for side in (16, 8, 4, 1):
        step = 16 // side
        blocks = pixels.astype(np.float64).reshape(side, step, side, step, 3).mean(axis=(1, 3))
        expected = np.rint(blocks).astype(np.uint8).transpose(2, 0, 1)
        assert np.array_equal(at_side(Image.fromarray(pixels), side), expected)


def test_means_are_not_rounded_on_the_way() -> None:
    pixels = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 1, 1], [1, 0, 1, 1]], dtype=np.uint8)
    assert at_side(Image.fromarray(pixels), 2).tolist() == [[[0, 0], [0, 1]]]  # 1/4, 1/4, 1/2 (to even), 1
    rising = np.array([[3, 0, 3, 0], [3, 0, 3, 0], [3, 0, 3, 0], [3, 0, 3, 0]], dtype=np.uint8)
    rising[0, 0] = 2  # 1.375 1.5 1.5 1.5: 1.46875, and of rounded ones 1.75
    assert at_side(Image.fromarray(rising), 1).tolist() == [[[1]]]


def test_deep_pictures_are_bytes_too() -> None:
    deep = np.full((4, 4, 3), 0.5, dtype=np.float32)
    assert np.unique(at_side(deep, 2)).tolist() == [128]


def test_a_fade_goes_from_the_coarse_to_the_fine_picture() -> None:
    pixels = torch.randint(0, 256, (2, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    fine = prepared(pixels, [False, True], 1.0)
    assert torch.equal(fine[0], pixels[0] / 127.5 - 1)
    assert torch.equal(fine[1], (pixels[1] / 127.5 - 1).flip(-1))
    faded = prepared(pixels, [False, True], 0.999999)
    assert (faded[..., 0::2] - faded[..., 1::2]).abs().max() < 1e-4
    torch.testing.assert_close(faded.mean(dim=(2, 3)), fine.mean(dim=(2, 3)))
    assert fine.dtype == torch.float32


def test_bytes_are_cut_off_not_rounded() -> None:
    assert to_bytes(torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])).tolist() == [0, 0, 128, 255, 255]
    assert to_bytes(torch.tensor([0.9999 / 127.5])).tolist() == [128]
