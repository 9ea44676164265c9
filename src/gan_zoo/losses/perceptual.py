"""Distances between what a network trained on photographs sees (Johnson et al. 2016)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.losses.feature_matching import distance

# Of relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 of VGG19 (NVIDIA/pix2pixHD @ 14b3b3c7, ``VGGLoss``).
VGG19_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)


def perceptual(fake: Sequence[Tensor], real: Sequence[Tensor], weights: Sequence[float] = VGG19_WEIGHTS) -> Tensor:
    """The weighted sum of the mean absolute differences of each pair of maps (N, C, h, w): () scalar.

    Of ``real`` nothing is trained.
    """
    terms = [w * distance(a, b.detach()) for w, a, b in zip(weights, fake, real, strict=True)]
    return torch.stack(terms).sum()


def domain_invariant(fake: Tensor, real: Tensor) -> Tensor:
    """The mean squared difference of two maps (N, C, h, w), each channel less its mean, by its deviation: () scalar.

    So it compares what is where more than in which manner (Huang et al. 2018, sec. 5.1).
    """
    return (F.instance_norm(fake, eps=1e-5) - F.instance_norm(real, eps=1e-5)).square().mean()
