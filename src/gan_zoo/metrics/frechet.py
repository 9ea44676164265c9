"""Fréchet distance of two sets of features (Heusel et al. 2017): FID, where they are Inception's."""

import torch
from torch import Tensor


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (D,) and covariance (D, D), over N - 1, of features (N, D), in float64."""
    return features.double().mean(dim=0), torch.cov(features.double().T).view(features.shape[1], -1)


def distance_of_features(first: Tensor, second: Tensor) -> Tensor:
    """The distance of the moments of features (M, D) and (N, D): () scalar, in float64.

    With centred features A and B over the roots of M - 1 and N - 1, S1 = A^T A and S2 = B^T B: the eigenvalues of S1 S2
    are the squared singular values of A B^T, which is small where there are few pictures.
    """
    if len(first) * len(second) > first.shape[1] ** 2:
        return frechet_distance(*moments(first), *moments(second))
    means = [rows.double().mean(dim=0) for rows in (first, second)]
    a, b = ((rows.double() - m) / (len(rows) - 1) ** 0.5 for rows, m in zip((first, second), means, strict=True))
    shared = torch.linalg.svdvals(a @ b.T).sum()
    distance: Tensor = (means[0] - means[1]).square().sum() + a.square().sum() + b.square().sum() - 2 * shared
    return distance


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
