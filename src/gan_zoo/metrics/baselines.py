"""What a model has to be better than: translators and samplers that learn nothing but means and nearest pictures."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

GRID = 16  # pixels: pictures are compared by their means over a grid of this side


def colour_ids(images: Tensor) -> Tensor:
    """(N, H, W) int64: a number for each colour of (N, 3, H, W) in [-1, 1], as 8 bits tell them apart."""
    red, green, blue = ((images.detach().float().clamp(-1, 1) + 1) * 127.5).round().long().unbind(dim=1)
    return (red * 256 + green) * 256 + blue


class MeanPerLabel:
    """The mean picture value of each label: ``update`` with label maps and pictures, then call it with label maps.

    Label maps are (N, H, W) int64, pictures (N, C, H, W); labels that were never seen get the mean of all.
    """

    def __init__(self) -> None:
        self.sums: dict[int, Tensor] = {}
        self.counts: dict[int, int] = {}

    def update(self, labels: Tensor, images: Tensor) -> None:
        """Take in more pictures."""
        values, places = torch.unique(labels, return_inverse=True)
        flat = images.double().movedim(1, -1).reshape(-1, images.shape[1])
        sums = flat.new_zeros(len(values), images.shape[1]).index_add_(0, places.flatten(), flat)
        counts = places.flatten().bincount(minlength=len(values))
        for label, total, count in zip(values.tolist(), sums, counts.tolist(), strict=True):
            self.sums[label] = self.sums.get(label, 0) + total
            self.counts[label] = self.counts.get(label, 0) + count

    def __call__(self, labels: Tensor) -> Tensor:
        """(N, C, H, W) float32. Raises ``ValueError`` before the first update."""
        if not self.sums:
            raise ValueError("no pictures have been seen")
        values, places = torch.unique(labels, return_inverse=True)
        overall = sum(self.sums.values(), torch.zeros(())) / sum(self.counts.values())
        known = [self.sums[label] / self.counts[label] if label in self.sums else overall for label in values.tolist()]
        return torch.stack(known).float()[places].movedim(-1, 1).contiguous()


def nearest(queries: Tensor, keys: Tensor) -> Tensor:
    """(N,) int64: the place of the nearest of the keys (M, C, H, W) to each query (N, C, h, w), by squared distance of
    their means over a grid."""
    query, key = (adaptive_avg_pool2d(images.float(), GRID).flatten(1) for images in (queries, keys))
    return torch.cdist(query, key).argmin(dim=1)


@dataclass(frozen=True)
class PCAGaussian:
    """A Gaussian in the space of the pictures' first principal components."""

    mean: Tensor  # (C, H, W)
    axes: Tensor  # (D, K)
    deviations: Tensor  # (K,)

    @classmethod
    def fit(cls, images: Tensor, components: int = 256) -> "PCAGaussian":
        """Of pictures (N, C, H, W); at most N - 1 components count."""
        flat = images.float().flatten(1)
        mean = flat.mean(dim=0)
        count = min(components, len(flat) - 1, flat.shape[1])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # of pca_lowrank's own start
            _, spread, axes = torch.pca_lowrank(flat - mean, q=count, center=False, niter=4)
        return cls(mean.view(images.shape[1:]), axes, spread / (len(flat) - 1) ** 0.5)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """(n, C, H, W), held to [-1, 1]."""
        codes = torch.randn(n, len(self.deviations), generator=generator) * self.deviations
        return (self.mean.flatten() + codes @ self.axes.T).view(n, *self.mean.shape).clamp(-1, 1)
