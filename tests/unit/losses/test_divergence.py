"""Divergences against what torch.distributions says."""

import torch
from torch.distributions import Normal, kl_divergence

from gan_zoo.losses.divergence import kl_from_standard_normal


def test_kl_is_summed_over_the_code_and_averaged_over_pictures() -> None:
    torch.manual_seed(0)
    mean, log_variance = torch.randn(2, 5, 3, dtype=torch.float64)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros(()), torch.ones(())))
    torch.testing.assert_close(kl_from_standard_normal(mean, log_variance), expected.sum(1).mean())


def test_kl_is_0_for_a_standard_normal() -> None:
    assert kl_from_standard_normal(torch.zeros(4, 8), torch.zeros(4, 8)) == 0
