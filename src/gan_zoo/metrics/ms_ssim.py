"""MS-SSIM of pairs of generated pictures, as ProGAN measures variety with it (Wang et al. 2003; Odena et al. 2017).

Reference: tkarras/progressive_growing_of_gans @ 2504c3f (``metrics/ms_ssim.py``). Unlike torchmetrics, contrast and
structure are raised and multiplied for each picture, and the window shrinks with the picture.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the levels, fine to coarse: Wang et al. 2003, sec. 3.2


def _window(side: int, sigma: float, like: Tensor) -> Tensor:
    """A Gaussian (side,) of sum 1."""
    places = torch.arange(side, dtype=like.dtype, device=like.device) - (side - 1) / 2
    row = torch.exp(-places.square() / (2 * sigma**2))
    return row / row.sum()


def _terms(a: Tensor, b: Tensor, side: int, sigma: float, k: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """SSIM and its contrast and structure part, mean of each picture: (N,), (N,)."""
    size = min(side, *a.shape[-2:])
    row = _window(size, sigma * size / side, a)
    kernel = (row[:, None] * row).expand(a.shape[1], 1, size, size)

    def mean(x: Tensor) -> Tensor:
        return F.conv2d(x, kernel, groups=a.shape[1])

    mean_a, mean_b, c1, c2 = mean(a), mean(b), (k[0] * 255) ** 2, (k[1] * 255) ** 2
    variances = mean(a * a) + mean(b * b) - mean_a.square() - mean_b.square()
    contrast = (2 * (mean(a * b) - mean_a * mean_b) + c2) / (variances + c2)
    likeness = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1) * contrast
    return likeness.mean(dim=(1, 2, 3)), contrast.mean(dim=(1, 2, 3))


def ms_ssim(
    a: Tensor,
    b: Tensor,
    weights: tuple[float, ...] = WEIGHTS,
    side: int = 11,
    sigma: float = 1.5,
    k: tuple[float, float] = (0.01, 0.03),
) -> Tensor:
    """Mean over pairs of pictures (N, C, H, W) in [0, 255], whose sizes are even at every level: () scalar, at most 1.

    Lower is more varied. Negative terms, of pictures that are each other's negatives, count as 0.
    """
    found = torch.ones(len(a), dtype=a.dtype, device=a.device)
    for level, weight in enumerate(weights):
        likeness, contrast = _terms(a, b, side, sigma, k)
        last = level == len(weights) - 1
        found = found * (likeness if last else contrast).clamp(min=0) ** weight
        if not last:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return found.mean()
