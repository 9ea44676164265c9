"""Latents that seeds stand for."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor


def seeded(seeds: Iterable[int], size: int) -> Tensor:
    """Standard normals (N, size), one latent a seed, whatever the others are.

    They come from NumPy's old generator, ``RandomState(seed).randn(size)``, as in the scripts of the official StyleGAN
    (NVlabs/stylegan @ 1e0d5c7): its published pictures of a seed can be made again.
    """
    drawn = [np.random.RandomState(seed).randn(size).astype(np.float32) for seed in seeds]
    return torch.from_numpy(np.stack(drawn)) if drawn else torch.empty(0, size)
