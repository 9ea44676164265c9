"""How close pictures are, for pictures whose distance is known."""

import math

import pytest
import torch

from gan_zoo.metrics.image import paired_scores

PICTURES = 2 * torch.rand(2, 3, 16, 12, generator=torch.Generator().manual_seed(0)) - 1


def test_a_constant_error_has_known_l1_and_psnr() -> None:
    target = 0.5 * PICTURES
    scores = paired_scores(target + 0.1, target)
    assert scores["l1"].item() == pytest.approx(0.1, rel=1e-4)
    assert scores["psnr"].item() == pytest.approx(20 * math.log10(2 / 0.1), rel=1e-4)


def test_psnr_is_the_mean_over_images() -> None:
    target = torch.zeros(2, 1, 12, 12)
    prediction = torch.tensor([0.1, 0.4]).view(2, 1, 1, 1).expand(2, 1, 12, 12)
    expected = sum(20 * math.log10(2 / error) for error in (0.1, 0.4)) / 2
    assert paired_scores(prediction, target)["psnr"].item() == pytest.approx(expected, rel=1e-5)


def test_ssim_is_one_for_the_picture_itself_and_little_for_its_mirror_image() -> None:
    assert paired_scores(PICTURES, PICTURES)["ssim"].item() == pytest.approx(1)
    assert abs(paired_scores(PICTURES.flip(-1), PICTURES)["ssim"].item()) < 0.2


def test_small_pictures_have_no_ssim() -> None:
    assert "ssim" in paired_scores(PICTURES[..., :11, :11], PICTURES[..., :11, :11])
    assert paired_scores(PICTURES[..., :10, :], PICTURES[..., :10, :]).keys() == {"l1", "psnr"}


def test_every_measure_is_a_float32_scalar_also_of_half_precision() -> None:
    scores = paired_scores(PICTURES.bfloat16(), -PICTURES.bfloat16())
    assert all(score.shape == () and score.dtype == torch.float32 for score in scores.values())
