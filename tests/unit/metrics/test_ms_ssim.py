"""Likeness of pairs whose likeness is known (the official number is golden)."""

import pytest
import torch

from gan_zoo.metrics.ms_ssim import ms_ssim

PICTURES = 255 * torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_picture_is_wholly_like_itself_and_little_like_another() -> None:
    assert ms_ssim(PICTURES, PICTURES).item() == pytest.approx(1)
    assert ms_ssim(PICTURES, PICTURES.flip(0)).item() < 0.5


def test_it_is_the_mean_over_pairs() -> None:
    other = 0.5 * PICTURES + 0.5 * PICTURES.flip(-1)
    each = [ms_ssim(PICTURES[i : i + 1], other[i : i + 1]).item() for i in range(2)]
    assert ms_ssim(PICTURES, other).item() == pytest.approx(sum(each) / 2)


def test_a_negative_has_no_likeness_rather_than_an_imaginary_one() -> None:
    assert ms_ssim(PICTURES, 255 - PICTURES).item() == 0


def test_brightness_counts_at_the_coarsest_level_alone() -> None:
    flat = torch.full((1, 1, 16, 16), 100.0, dtype=torch.float64)
    c1 = (0.01 * 255) ** 2
    likeness = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert ms_ssim(flat, flat + 50).item() == pytest.approx(likeness**0.1333, rel=1e-4)


def test_weights_and_windows_of_ones_own() -> None:
    assert ms_ssim(PICTURES, PICTURES.flip(0), (1.0,), side=3) != ms_ssim(PICTURES, PICTURES.flip(0), (1.0,))
