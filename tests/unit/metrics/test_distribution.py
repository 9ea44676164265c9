import math

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from gan_zoo.metrics.distribution import FID, KID, SWD, InceptionScore, KIDOfUGATIT, Variety
from gan_zoo.metrics.kernel import over_blocks, squared_mmd
from gan_zoo.metrics.ms_ssim import ms_ssim
from gan_zoo.metrics.protocol import Sets, Unmeasurable
from gan_zoo.metrics.sliced_wasserstein import pyramid_distances
from tests.unit.evaluation.nets import Tiny, judge

JUDGE = judge(Tiny())


class Identity(nn.Module):
    num_features = 8

    def forward(self, x: Tensor) -> Tensor:
        return x


def sets(made: int = 40, real: int = 30, sources: int = 0) -> Sets:
    chance = torch.Generator().manual_seed(0)
    rows = [torch.rand(count, 8, generator=chance) + 0.2 * i for i, count in enumerate((made, real, sources))]
    return Sets(*rows, seed=3)


def pictures(count: int, side: int, seed: int = 0) -> Tensor:
    chance = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=chance)


def test_fid_is_torchmetrics_fid() -> None:
    given = sets()
    other = FrechetInceptionDistance(Identity())
    other.update(given.real, real=True)
    other.update(given.fake, real=False)
    found = FID(JUDGE).found(given)
    assert list(found.values) == ["fid_tiny_8"]
    assert math.isclose(found.values["fid_tiny_8"], float(other.compute()), rel_tol=1e-4)


def test_fid_of_few_pictures_warns_and_of_many_does_not() -> None:
    assert "fid_tiny_8 of 30 pictures is biased" in FID(JUDGE).found(sets()).facts["warning"]
    assert not FID(JUDGE).found(sets(10_000, 10_001)).facts


def test_kid_is_torchmetrics_kid() -> None:
    given = sets(30, 30)
    other = KernelInceptionDistance(Identity(), subsets=1, subset_size=30)
    other.update(given.real, real=True)
    other.update(given.fake, real=False)
    found = KID(JUDGE, subsets=1, subset_size=30).found(given).values
    assert math.isclose(found["kid_tiny_8"], float(other.compute()[0]), rel_tol=1e-3)


def test_kid_of_small_sets_has_an_error_bar_and_tells_its_subsets() -> None:
    found = KID(JUDGE).found(sets())
    assert found.values["kid_tiny_8_std"] > 0
    assert found.facts["subset_size"] == 15
    whole = float(squared_mmd(sets().fake, sets().real))
    assert abs(found.values["kid_tiny_8"] - whole) < 3 * found.values["kid_tiny_8_std"] / 10  # mean of 100
    with pytest.raises(Unmeasurable, match="subset_size=31 does not fit sets of 30 pictures: give 2 to 30"):
        KID(JUDGE, subset_size=31).found(sets())


def test_the_kid_of_ugatit_has_both_of_its_readings() -> None:
    given = sets(40, 30, 35)
    found = KIDOfUGATIT(JUDGE).found(given)
    plain, source = (100 * over_blocks(rows, given.fake, 10) for rows in (given.real, given.source))
    assert found.facts["blocks"] == len(plain) == 4
    assert math.isclose(found.values["kid_ugatit_tiny_8"], float(plain.mean()))
    assert math.isclose(found.values["kid_ugatit_tiny_8_std"], float(plain.std()) / 2)
    expected = (0.02 * float(plain.mean()) + 0.98 * float(source.mean())) / 2
    assert math.isclose(found.values["kid_ugatit_mean_tiny_8"], expected)
    assert "kid_ugatit_mean_tiny_8" not in KIDOfUGATIT(JUDGE).found(sets()).values
    with pytest.raises(Unmeasurable, match="sets of 4 and 40 pictures leave blocks with fewer than two"):
        KIDOfUGATIT(JUDGE).found(sets(40, 4))


def test_inception_score_of_sure_answers_counts_the_classes() -> None:
    logits = 100 * torch.eye(4).repeat(6, 1)
    found = InceptionScore(JUDGE, splits=2).found(Sets(logits, torch.empty(0, 1), torch.empty(0, 1))).values
    assert math.isclose(found["is_tiny_4"], 4, rel_tol=1e-6)
    assert found["is_tiny_4_std"] < 1e-6
    with pytest.raises(Unmeasurable, match="at least 30, and there are 24"):
        InceptionScore(JUDGE, splits=30).found(Sets(logits, logits, logits))


def test_swd_is_the_mean_of_its_levels_and_compares_equally_many() -> None:
    given = Sets(pictures(6, 32), pictures(8, 32, 1), pictures(0, 32), seed=2)
    found = SWD(patches=8, repeats=1, directions=16).found(given)
    expected = pyramid_distances(given.fake.float(), given.real[:6].float(), 8, 7, 1, 16, 2)
    assert found.facts["compared"] == 6
    assert list(found.values) == ["swd_32px", "swd_32px_level_32", "swd_32px_level_16"]
    torch.testing.assert_close(torch.tensor(list(found.values.values())), torch.stack([expected.mean(), *expected]))


def test_swd_refuses_what_has_no_patches() -> None:
    for shape, line in (
        ((2, 3, 24, 24), "these are 24x24"),
        ((2, 3, 32, 64), "these are 64x32"),
        ((2, 3, 8, 8), "8x8"),
    ):
        strange = torch.zeros(shape, dtype=torch.uint8)
        with pytest.raises(Unmeasurable, match=line):
            SWD().found(Sets(strange, strange, strange))
    flat = torch.full((2, 3, 16, 16), 7, dtype=torch.uint8)
    with pytest.raises(Unmeasurable, match="all made pictures are one colour"):
        SWD().found(Sets(flat, pictures(2, 16), flat))


def test_variety_is_of_consecutive_pairs() -> None:
    made = pictures(5, 16)
    found = Variety().found(Sets(made, made, made))
    expected = (ms_ssim(made[0:1].double(), made[1:2].double()) + ms_ssim(made[2:3].double(), made[3:4].double())) / 2
    assert found.facts["pairs"] == 2
    assert math.isclose(found.values["ms_ssim_of_samples_16px"], float(expected), rel_tol=1e-9)
