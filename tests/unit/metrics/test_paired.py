import pytest
import torch
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from gan_zoo.data.transforms import to_uint8
from gan_zoo.metrics.image import paired_scores
from gan_zoo.metrics.paired import L1, LPIPS, MSSSIM, PSNR, SSIM
from gan_zoo.metrics.protocol import Pairs, Unmeasurable
from tests.unit.evaluation.nets import Distance, judge


def pairs(side: int = 32) -> Pairs:
    chance = torch.Generator().manual_seed(0)
    real = torch.rand(3, 3, side, side, generator=chance) * 2 - 1
    fake = (real + 0.3 * torch.randn(real.shape, generator=chance)).clamp(-1, 1)
    return Pairs(fake, real, to_uint8(fake), to_uint8(real), {})


@pytest.mark.parametrize(("measure", "name"), [(L1(), "l1"), (PSNR(), "psnr"), (SSIM(), "ssim")])
def test_means_are_those_that_models_log(measure: L1 | PSNR | SSIM, name: str) -> None:
    given = pairs()
    rows = measure.each(given)
    assert rows.shape == (3,)
    expected = float(paired_scores(given.fake, given.target)[name])
    assert measure.found(rows).values == {name: pytest.approx(expected, rel=1e-5)}


def test_ms_ssim_is_of_each_picture_and_needs_large_ones() -> None:
    given = pairs(176)
    rows = MSSSIM().each(given)
    alone = multiscale_structural_similarity_index_measure(given.fake[1:2], given.target[1:2], data_range=(-1.0, 1.0))
    assert float(rows[1]) == pytest.approx(float(alone), rel=1e-5)
    with pytest.raises(Unmeasurable, match="at least 176 px, and these are 32x32"):
        MSSSIM().each(pairs())
    with pytest.raises(Unmeasurable, match="at least 11 px"):
        SSIM().each(pairs(8))


def test_lpips_asks_its_judge_about_pictures_of_8_bits() -> None:
    given = pairs()
    found = LPIPS(judge(Distance()))
    expected = ((given.seen_fake.float() - given.seen_target.float()) / 127.5).square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(found.each(given), expected)
    assert list(found.found(found.each(given)).values) == ["distance"]


def test_psnr_of_a_picture_that_equals_its_target_is_no_number() -> None:
    given = pairs()
    with pytest.raises(Unmeasurable, match="infinite"):
        PSNR().each(Pairs(given.target, given.target, given.seen_target, given.seen_target, {}))


def test_autocast_changes_no_score_that_models_log() -> None:
    given = pairs()
    alone = paired_scores(given.fake, given.target)
    with torch.autocast("cpu", torch.bfloat16):
        assert paired_scores(given.fake, given.target) == alone
