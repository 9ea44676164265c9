"""How far distributions are from each other."""

from torch import Tensor


def kl_from_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) of codes (N, nz): the sum over nz, the mean over N; () scalar.

    -1/2 sum_k (1 + log s_k^2 - m_k^2 - s_k^2) (Kingma and Welling 2014, appendix B).
    """
    divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp())
    return divergence.sum(1).mean()
