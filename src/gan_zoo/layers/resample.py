"""Halving and doubling of feature maps (Karras et al. 2018, appendix A.1; 2019, sec. 2).

References: tkarras/progressive_growing_of_gans @ 2504c3f, NVlabs/stylegan @ 1e0d5c7.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def double(x: Tensor) -> Tensor:
    """Every pixel four times: (N, C, H, W) -> (N, C, 2 H, 2 W)."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def halve(x: Tensor) -> Tensor:
    """Means of 2x2 pixels: (N, C, H, W) -> (N, C, H / 2, W / 2)."""
    return F.avg_pool2d(x, 2)


def conv(x: Tensor, weight: Tensor) -> Tensor:
    """A convolution of odd size that keeps the picture's: (N, C, H, W), (C', C, k, k) -> (N, C', H, W)."""
    return F.conv2d(x, weight, padding=weight.shape[-1] // 2)


def double_conv(x: Tensor, weight: Tensor) -> Tensor:
    """``conv(double(x), weight)`` for a 3x3 weight, in 4/9 of the operations.

    A transposed convolution of stride 2 with a 4x4 kernel: four shifted copies of the 3x3 one, mirrored.
    """
    return F.conv_transpose2d(x, _spread(weight.flip(2, 3)).transpose(0, 1), stride=2, padding=1)


def halve_conv(x: Tensor, weight: Tensor) -> Tensor:
    """``halve(conv(x, weight))`` for a 3x3 weight, in 4/9 of the operations."""
    return F.conv2d(x, _spread(weight) * 0.25, stride=2, padding=1)


def blur(x: Tensor) -> Tensor:
    """The binomial filter [1, 2, 1] in both directions, with zeros around the picture, whose border darkens."""
    row = torch.tensor([0.25, 0.5, 0.25], dtype=x.dtype, device=x.device)
    kernel = (row[:, None] * row).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(x, kernel, padding=1, groups=x.shape[1])


def _spread(weight: Tensor) -> Tensor:
    """(C', C, 3, 3) -> (C', C, 4, 4), the sum of its copies in the four corners."""
    padded = F.pad(weight, (1, 1, 1, 1))
    return padded[..., 1:, 1:] + padded[..., 1:, :-1] + padded[..., :-1, 1:] + padded[..., :-1, :-1]
