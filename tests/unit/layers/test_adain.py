"""Norms of one sample (their numbers are golden cases)."""

import torch
from torch import nn

from gan_zoo.layers.adain import AdaIN, SampleNorm


def test_a_style_gives_each_channel_its_mean_and_deviation() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64) * 5 + 7
    style = torch.randn(2, 6, dtype=torch.float64)
    y = AdaIN(3, eps=1e-12)(x, style)
    torch.testing.assert_close(y.mean(dim=(2, 3)), style[:, :3])
    torch.testing.assert_close(y.std(dim=(2, 3), correction=0), style[:, 3:].abs())


def test_adain_without_a_style_is_instance_norm_and_has_no_state() -> None:
    x = torch.randn(2, 3, 4, 4)
    neutral = torch.cat([torch.zeros(2, 3), torch.ones(2, 3)], dim=1)
    torch.testing.assert_close(AdaIN(3)(x, neutral), nn.InstanceNorm2d(3)(x))
    assert not AdaIN(3).state_dict()


def test_a_sample_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    norm, x = SampleNorm(4).double(), torch.randn(3, 4, 5, 5, dtype=torch.float64)
    together = norm(x)
    for i in range(3):
        torch.testing.assert_close(norm(x[i : i + 1])[0], together[i], rtol=1e-14, atol=1e-14)


def test_sample_norm_takes_the_unbiased_deviation_and_starts_with_scales_below_one() -> None:
    torch.manual_seed(0)
    norm = SampleNorm(1000)
    assert 0 <= norm.gamma.min() < 0.01
    assert 0.99 < norm.gamma.max() < 1
    assert not norm.beta.any()
    x = torch.tensor([1.0, 3.0], dtype=torch.float64).view(1, 2, 1, 1)
    pair = SampleNorm(2).double()
    pair.gamma.data.fill_(1.0)
    torch.testing.assert_close(pair(x).flatten(), torch.tensor([-1.0, 1.0], dtype=torch.float64) / (2**0.5 + 1e-5))


def test_both_work_under_autocast() -> None:
    x = torch.randn(2, 4, 4, 4, dtype=torch.bfloat16)
    assert SampleNorm(4)(x).isfinite().all()
    assert AdaIN(4)(x, torch.randn(2, 8)).dtype == torch.bfloat16
