"""What a discriminator's inner layers see of a fake is to be what they see of the real picture."""

from collections.abc import Sequence

import torch
from torch import Tensor


def distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference, summed in float32 at least: () scalar."""
    return (a - b).abs().mean(dtype=torch.promote_types(a.dtype, torch.float32))


def feature_matching(fake: Sequence[Sequence[Tensor]], real: Sequence[Sequence[Tensor]]) -> Tensor:
    """4 / (groups of layers) / (scales) times the sum of the distances of all maps but each scale's last, its logits.

    Args:
        fake, real: for each scale the maps (N, C, h, w) of its groups of layers; of ``real`` nothing is trained.

    Wang et al. 2018, eq. 4, sums over scales; NVIDIA/pix2pixHD @ 14b3b3c7 divides by their number too. Its factor
    4 / (n_layers + 1) is 1 with the usual three strided layers.
    """
    each = []
    for fakes, reals in zip(fake, real, strict=True):
        pairs = list(zip(fakes[:-1], reals[:-1], strict=True))
        each.append(torch.stack([distance(a, b.detach()) for a, b in pairs]).sum() * (4.0 / len(pairs)))
    return torch.stack(each).mean()
