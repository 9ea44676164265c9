"""Measures of pairs: L1, PSNR, SSIM and MS-SSIM without any network, LPIPS through one; means over pictures."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from gan_zoo.metrics.protocol import Judge, OfPairs, Pairs, Unmeasurable

RANGE = (-1.0, 1.0)


@dataclass(frozen=True)
class L1(OfPairs):
    """Mean absolute error, of [-1, 1]."""

    key = "l1"

    def each(self, pairs: Pairs) -> Tensor:
        """(N,)."""
        return (pairs.fake - pairs.target).abs().mean(dim=(1, 2, 3))


@dataclass(frozen=True)
class PSNR(OfPairs):
    """Peak signal to noise ratio in dB; higher is better."""

    higher_is_better = True

    key = "psnr"

    def each(self, pairs: Pairs) -> Tensor:
        """(N,)."""
        values = peak_signal_noise_ratio(pairs.fake, pairs.target, data_range=RANGE, reduction="none", dim=(1, 2, 3))
        if torch.isinf(values).any():
            raise Unmeasurable("a translation equals its target exactly, and its PSNR would be infinite")
        return values


@dataclass(frozen=True)
class SSIM(OfPairs):
    """Structural similarity, Gaussian window of 11 px (Wang et al. 2004); higher is better."""

    higher_is_better = True

    key = "ssim"

    def each(self, pairs: Pairs) -> Tensor:
        """(N,)."""
        large_enough(pairs.target, 11)
        values = structural_similarity_index_measure(pairs.fake, pairs.target, data_range=RANGE, reduction="none")
        return values[0] if isinstance(values, tuple) else values


@dataclass(frozen=True)
class MSSSIM(OfPairs):
    """SSIM over five scales (Wang et al. 2003), torchmetrics' reading; higher is better."""

    higher_is_better = True

    key = "ms_ssim"

    def each(self, pairs: Pairs) -> Tensor:
        """(N,)."""
        large_enough(pairs.target, 176)
        return multiscale_structural_similarity_index_measure(
            pairs.fake, pairs.target, data_range=RANGE, reduction="none", normalize="relu"
        )


@dataclass(frozen=True)
class LPIPS(OfPairs):
    """Distance of a network's features, weighted by human judgments (Zhang et al. 2018); lower is better."""

    judge: Judge

    @property
    def key(self) -> str:
        """By its network and version."""
        return self.judge.name

    def each(self, pairs: Pairs) -> Tensor:
        """(N,)."""
        distances: Tensor = self.judge(pairs.seen_fake, pairs.seen_target)
        return distances


def large_enough(pictures: Tensor, side: int) -> None:
    """Refuse pictures that a window does not fit into.

    Raises:
        Unmeasurable: they are too small.
    """
    height, width = pictures.shape[-2:]
    if min(height, width) < side:
        raise Unmeasurable(f"it needs pictures of at least {side} px, and these are {width}x{height}")
