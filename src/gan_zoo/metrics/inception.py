"""Inception scores, plain and conditional, from class probabilities (Salimans et al. 2016; Huang et al. 2018)."""

import torch
from torch import Tensor


def inception_score(probabilities: Tensor) -> Tensor:
    """Mean of KL(p(y | x) || p(y)), in nats: () scalar; its exponential is what is usually published.

    ``probabilities``: (..., classes), of one image each.
    """
    flat = probabilities.flatten(end_dim=-2)
    return _divergence(flat, flat.mean(dim=0)).mean()


def conditional_inception_score(probabilities: Tensor) -> Tensor:
    """Mean of KL(p(y | x_2) || p(y | x_1)) over outputs x_2 of inputs x_1, in nats: () scalar.

    High where each input has outputs of many modes, each plainly of one. ``probabilities``: (inputs, outputs of each,
    classes). The table of Huang et al. (ECCV 2018, sec. 6.2) holds this, their script prints its exponential.
    """
    return _divergence(probabilities, probabilities.mean(dim=1, keepdim=True)).mean()


def _divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) over the last axis; both are normalised first, 0 log 0 is 0."""
    p, q = (probability / probability.sum(dim=-1, keepdim=True) for probability in (p, q))
    divergence: Tensor = (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(dim=-1)
    return divergence
