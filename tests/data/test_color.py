"""Lab: equal to kornia's, there and back."""

import numpy as np
import pytest
import torch
from kornia.color import rgb_to_lab as kornia_lab

from gan_zoo.data.color import lab_tensors, lab_to_rgb, rgb_to_lab


def test_equals_kornia_for_all_kinds_of_colours() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    rgb[0, :8] = [
        [0, 0, 0],
        [255, 255, 255],
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [1, 1, 1],
        [9, 10, 11],
        [128, 128, 128],
    ]
    expected = kornia_lab(torch.from_numpy(rgb).permute(2, 0, 1)[None].double() / 255)[0].numpy()
    np.testing.assert_allclose(rgb_to_lab(rgb).numpy(), expected, rtol=0, atol=1e-10)


def test_there_and_back() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    lightness, chroma = lab_tensors(rgb)
    assert lightness.shape == (1, 16, 24)
    assert chroma.shape == (2, 16, 24)
    assert lightness.abs().max() <= 1.0001
    back = lab_to_rgb(lightness, chroma)
    np.testing.assert_allclose(back.permute(1, 2, 0).numpy(), rgb, atol=0.02)
    batch = lab_to_rgb(lightness[None], chroma[None])
    assert torch.equal(batch[0], back)


def test_white_and_gray_have_no_colour() -> None:
    lightness, chroma = lab_tensors(np.full((2, 2, 3), 255, dtype=np.uint8))
    assert lightness.mean().item() == pytest.approx(1, abs=1e-4)
    assert chroma.abs().max() < 1e-3


def test_impossible_colours_are_held_to_the_range() -> None:
    rgb = lab_to_rgb(torch.ones(1, 2, 2), torch.ones(2, 2, 2))
    assert rgb.min() >= 0
    assert rgb.max() <= 255
