"""Sliced Wasserstein distance of patches of Laplacian pyramids (Karras et al. 2018, sec. 5).

Reference: tkarras/progressive_growing_of_gans @ 2504c3f (``metrics/sliced_wasserstein.py``). There: 16,384 pictures,
levels down to 16 px, 128 patches of 7x7 a picture and level, 4 x 128 directions; distances times 1000 are published.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.metrics.protocol import Unmeasurable


def _smooth(x: Tensor, gain: float = 1.0) -> Tensor:
    """The binomial filter of 5x5, the border mirrored without its edge: (N, C, H, W) -> (N, C, H, W).

    Row by row, then column by column, in sums of shifted pictures: on CPUs five times as fast as a convolution.
    """
    (height, width), x = x.shape[-2:], F.pad(x, (2, 2, 2, 2), mode="reflect")
    rows = [x[:, :, i : i + height] for i in range(5)]
    x = (rows[0] + rows[4]).add_(rows[1] + rows[3], alpha=4).add_(rows[2], alpha=6)
    columns = [x[..., i : i + width] for i in range(5)]
    x = (columns[0] + columns[4]).add_(columns[1] + columns[3], alpha=4).add_(columns[2], alpha=6)
    return x.mul_(gain / 256)


def _down(x: Tensor) -> Tensor:
    return _smooth(x)[:, :, ::2, ::2]


def _up(x: Tensor) -> Tensor:
    spread = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    spread[:, :, ::2, ::2] = x
    return _smooth(spread, 4.0)


def laplacian_pyramid(pictures: Tensor, smallest: int = 16) -> list[Tensor]:
    """Pictures (N, C, S, S) in [0, 255] as levels, fine to coarse, which add up; the last is the small picture."""
    levels = [pictures]
    while levels[-1].shape[-1] > smallest:
        below = _down(levels[-1])
        levels[-1] = levels[-1] - _up(below)
        levels.append(below)
    return levels


def patches(pictures: Tensor, x: Tensor, y: Tensor, side: int = 7) -> Tensor:
    """(N * P, C, side, side): patches about the columns x and rows y, (N, P) whole numbers, of (N, C, H, W)."""
    reach = torch.arange(side, device=pictures.device) - side // 2
    rows, columns = y[:, :, None, None] + reach[:, None], x[:, :, None, None] + reach
    (number, channels, _, width), count = pictures.shape, y.shape[1]
    places = (rows * width + columns).view(number, 1, -1).expand(-1, channels, -1)
    found = pictures.flatten(2).gather(2, places).view(number, channels, count, side, side)
    return found.transpose(1, 2).flatten(0, 1)


def centres(pictures: Tensor, count: int, side: int, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random columns and rows (N, count) of patches that lie within the pictures."""
    near, (height, width) = side // 2, pictures.shape[-2:]
    x, y = (
        torch.randint(near, most - near, (len(pictures), count), generator=chance).to(pictures.device)
        for most in (width, height)
    )
    return x, y


def normalized(found: Tensor) -> Tensor:
    """Patches (M, C, k, k) of one set as vectors (M, C k k), each channel of mean 0 and deviation 1 over the set.

    Raises:
        Unmeasurable: a channel is the same everywhere.
    """
    mean = found.mean(dim=(0, 2, 3), keepdim=True)
    deviation = found.std(dim=(0, 2, 3), keepdim=True, correction=0)
    if not (deviation > _ROUNDING).all():
        raise Unmeasurable("a channel does not vary at some size, as in flat pictures: there is nothing to compare")
    return ((found - mean) / deviation).flatten(1)


_ROUNDING = 1e-4  # of [0, 255]: what float32 leaves of a constant channel in a level of a pyramid


def sliced_wasserstein(first: Tensor, second: Tensor, along: Sequence[Tensor]) -> Tensor:
    """Mean distance of the sorted projections of vectors (M, D) and (M, D) on directions (D, K): () scalar."""
    found = []
    for vectors in along:
        unit = F.normalize(vectors.to(first), dim=0)
        blocks = torch.split(unit, _TOGETHER, dim=1) if unit.device.type == "cpu" else (unit,)
        with ThreadPoolExecutor(torch.get_num_threads()) as threads:
            apart = list(threads.map(lambda block: _apart(first, second, block), blocks))
        found.append(torch.stack(apart).sum() / (len(first) * unit.shape[1]))
    return torch.stack(found).mean()


_TOGETHER = 32  # directions whose projections a processor's cache holds


def _apart(first: Tensor, second: Tensor, unit: Tensor) -> Tensor:
    """Sum of the distances of sorted projections on directions (D, K): () scalar."""
    one, other = (ordered(unit.T @ points.T) for points in (first, second))
    return (one - other).abs().sum()


def ordered(projections: Tensor) -> Tensor:
    """Each row in rising order; on CPUs by NumPy, whose vectorised sorting is about ten times as fast."""
    if projections.device.type != "cpu":
        return projections.sort(dim=1).values
    return torch.from_numpy(np.sort(projections.numpy(force=True), axis=1))


def pyramid_distances(
    first: Tensor,
    second: Tensor,
    count: int = 128,
    side: int = 7,
    repeats: int = 4,
    directions: int = 128,
    seed: int = 0,
) -> Tensor:
    """1000 x the distance of each level of two sets of pictures (N, C, S, S) in [0, 255], fine to coarse: (L,).

    Their mean is published beside them. ``count`` random patches a picture and level, ``repeats`` times so many random
    ``directions``. Pictures may be uint8: pyramids are made of ``_MANY`` at a time.
    """
    chance, found = torch.Generator().manual_seed(seed), []
    depth = len(laplacian_pyramid(first[:1].float()))
    for level in range(depth):
        sets = [normalized(_of_level(pictures, level, count, side, chance)) for pictures in (first, second)]
        along = [torch.randn(sets[0].shape[1], directions, generator=chance) for _ in range(repeats)]
        found.append(1000 * sliced_wasserstein(sets[0], sets[1], along))
    return torch.stack(found)


_MANY = 32  # pictures whose pyramids are made together: few enough for a processor's cache


def _of_level(pictures: Tensor, level: int, count: int, side: int, chance: torch.Generator) -> Tensor:
    """The patches of one level of the pyramids of all pictures."""
    found: Tensor | None = None
    for start in range(0, len(pictures), _MANY):
        some = pictures[start : start + _MANY]
        seen = _level(some if some.is_floating_point() else some.float(), level)
        part = patches(seen, *centres(seen, count, side, chance), side)
        if found is None:
            found = part.new_empty(len(pictures) * count, *part.shape[1:])
        found[start * count : start * count + len(part)] = part
    assert found is not None, "there are pictures"
    return found


def _level(pictures: Tensor, level: int, smallest: int = 16) -> Tensor:
    """``laplacian_pyramid(pictures)[level]``, without the levels above and below it."""
    for _ in range(level):
        pictures = _down(pictures)
    return pictures - _up(_down(pictures)) if pictures.shape[-1] > smallest else pictures
