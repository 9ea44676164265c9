"""Kernel distances of two sets of features (Binkowski et al. 2018): KID, where they are Inception's."""

import torch
from torch import Tensor


def squared_mmd(first: Tensor, second: Tensor) -> Tensor:
    """Unbiased squared maximum mean discrepancy of rows (M, D) and (N, D), kernel (x.y / D + 1)^3: () scalar.

    In float64: differences of sums of large numbers.
    """
    first, second = first.double(), second.double()

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: Tensor) -> Tensor:
        values = kernel(x, x)
        return (values.sum() - values.diagonal().sum()) / (len(x) * (len(x) - 1))

    return within(first) + within(second) - 2 * kernel(first, second).mean()


def over_subsets(first: Tensor, second: Tensor, subsets: int, size: int, seed: int) -> Tensor:
    """The distance of random subsets of ``size`` rows each, drawn without repetition: (subsets,)."""
    chance = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(subsets):
        picked = (rows[torch.randperm(len(rows), generator=chance)[:size].to(rows.device)] for rows in (first, second))
        found.append(squared_mmd(*picked))
    return torch.stack(found)


def over_blocks(first: Tensor, second: Tensor, most: int) -> Tensor:
    """The distance of consecutive blocks of at most ``most`` rows, as many of both sets, nearly equal: (blocks,).

    As in TensorFlow's ``kernel_classifier_distance_and_std_from_activations``: the smaller blocks come first.
    """
    count = -(-max(len(first), len(second)) // most)

    def parts(rows: Tensor) -> tuple[Tensor, ...]:
        size, larger = divmod(len(rows), count)
        return torch.split(rows, [size] * (count - larger) + [size + 1] * larger)

    return torch.stack([squared_mmd(*blocks) for blocks in zip(parts(first), parts(second), strict=True)])
