"""Fréchet distance of two sets of features (Heusel et al. 2017): FID, where they are Inception's."""

import torch
from torch import Tensor


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (D,) and covariance (D, D), over N - 1, of features (N, D), in float64."""
    return features.double().mean(dim=0), torch.cov(features.double().T).view(features.shape[1], -1)


def frechet_distance(mean: Tensor, covariance: Tensor, mean2: Tensor, covariance2: Tensor) -> Tensor:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)): () scalar.

    The trace of the root of S1 S2 is that of S1^(1/2) S2 S1^(1/2), which is symmetric: two eigenvalue problems, and no
    imaginary part to drop.
    """
    values, vectors = torch.linalg.eigh(covariance)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    shared = torch.linalg.eigvalsh(root @ covariance2 @ root).clamp(min=0).sqrt().sum()
    distance: Tensor = (mean - mean2).square().sum() + covariance.trace() + covariance2.trace() - 2 * shared
    return distance
