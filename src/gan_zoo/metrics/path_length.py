"""Perceptual path length: how far pictures move when their latents take a small step (Karras et al. 2019, sec. 4.1).

Reference: NVlabs/stylegan @ 1e0d5c7 (``metrics/perceptual_path_length.py``). Without truncation; the distance there is
LPIPS with VGG-16, of pictures in [0, 255]. Steps of 1e-4 amplify rounding by their inverse: in float32 results are
right to a few percent.
"""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

Between = Callable[[Tensor, Tensor, Tensor], Tensor]
LARGEST = 256  # pixels that the distance is asked for: LPIPS was calibrated below that


def lerp(first: Tensor, second: Tensor, t: Tensor) -> Tensor:
    """Styles on the straight way: (N, D), (N, D), t (N,) in [0, 1] -> (N, D)."""
    return torch.lerp(first, second, t[:, None])


def slerp(first: Tensor, second: Tensor, t: Tensor) -> Tensor:
    """Latents on the great circle between both directions: (N, D), (N, D), t (N,) -> unit vectors (N, D)."""
    first, second = F.normalize(first, dim=1), F.normalize(second, dim=1)
    cosine = (first * second).sum(dim=1, keepdim=True).clamp(-1, 1)
    angle = t[:, None] * cosine.acos()
    across = F.normalize(second - cosine * first, dim=1)
    return F.normalize(first * angle.cos() + across * angle.sin(), dim=1)


def face_crop(pictures: Tensor) -> Tensor:
    """Where FFHQ has its faces: rows 3/8 to 7/8, columns 2/8 to 6/8 of (N, C, S, S)."""
    part = pictures.shape[-2] // 8
    return pictures[..., 3 * part : 7 * part, 2 * part : 6 * part]


def at_most(pictures: Tensor, side: int = LARGEST) -> Tensor:
    """Pictures with more rows, as means of squares of pixels."""
    factor = pictures.shape[-2] // side
    return F.avg_pool2d(pictures, factor) if factor > 1 else pictures


def path_distances(
    first: Tensor,
    second: Tensor,
    t: Tensor,
    between: Between,
    render: Callable[[Tensor], Tensor],
    distance: Callable[[Tensor, Tensor], Tensor],
    epsilon: float = 1e-4,
    crop: Callable[[Tensor], Tensor] = face_crop,
) -> Tensor:
    """Distance over epsilon^2 of pictures at t and t + epsilon of the ways between codes: (N,).

    Args:
        first, second: codes (N, D): latents for ``slerp``, styles for ``lerp``.
        t: (N,) places on the ways: uniform in [0, 1] ("full"), or zeros ("end").
        between: ``slerp`` or ``lerp``.
        render: codes (M, D) to pictures (M, C, S, S) in [-1, 1], with noise that is the same for all of a call.
        distance: two batches of pictures in [0, 255] to (N,).
        epsilon: the step.
        crop: what of the pictures counts; then they are brought to 256 px at most.
    """
    t = t.to(first)
    codes = torch.cat([between(first, second, t), between(first, second, t + epsilon)])
    pictures = (at_most(crop(render(codes))) + 1) * 127.5
    return distance(*pictures.chunk(2)) / epsilon**2


def trimmed(distances: Tensor) -> Tensor:
    """Those within the 1st (next lower) and 99th (next higher) percentile, bounds included: (K,)."""
    low = torch.quantile(distances, 0.01, interpolation="lower")
    high = torch.quantile(distances, 0.99, interpolation="higher")
    return distances[(distances >= low) & (distances <= high)]


def path_length(batches: Iterable[Tensor]) -> Tensor:
    """Mean of the distances of ``path_distances`` without outliers: () scalar. The paper takes 100,000."""
    return trimmed(torch.cat(list(batches))).mean()
