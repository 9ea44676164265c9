"""Measures of two sets of pictures: FID, KID, Inception score, sliced Wasserstein distance, variety by MS-SSIM."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from gan_zoo.metrics.frechet import distance_of_features
from gan_zoo.metrics.inception import inception_score
from gan_zoo.metrics.kernel import over_blocks, over_subsets
from gan_zoo.metrics.ms_ssim import WEIGHTS, ms_ssim
from gan_zoo.metrics.protocol import Found, Judge, OfSets, Sets, Unmeasurable, enough
from gan_zoo.metrics.sliced_wasserstein import pyramid_distances

UNBIASED = 10_000  # pictures from which on the bias of FID is commonly put up with


@dataclass(frozen=True)
class FID(OfSets):
    """Fréchet distance of features (Heusel et al. 2017): lower is better, biased upwards for few pictures."""

    judge: Judge
    layer: str = "2048"

    def found(self, sets: Sets) -> Found:
        """One number; in float64."""
        distance = distance_of_features(sets.fake, sets.real)
        few = min(len(sets.fake), len(sets.real))
        key = self.named("fid", sets.fake)
        line = f"{key} of {few} pictures is biased: below {UNBIASED:,} go by KID (metrics=kid)"
        return Found({key: float(distance)}, {"warning": line} if few < UNBIASED else {})


@dataclass(frozen=True)
class KID(OfSets):
    """Kernel distance of features (Binkowski et al. 2018), mean and deviation over random subsets: unbiased.

    ``subset_size``: None is 1,000, or half of the smaller set where that is less (subsets that are the whole set would
    all be the same one, and say nothing about the error).
    """

    judge: Judge
    layer: str = "2048"
    subsets: int = 100
    subset_size: int | None = None
    fewest: ClassVar[int] = 4

    def found(self, sets: Sets) -> Found:
        """Mean and standard deviation."""
        least = min(len(sets.fake), len(sets.real))
        size = min(1000, least // 2) if self.subset_size is None else self.subset_size
        if not 2 <= size <= least:
            raise Unmeasurable(
                f"metrics.kid.subset_size={size} does not fit sets of {least} pictures: give 2 to {least}"
            )
        values = over_subsets(sets.fake, sets.real, self.subsets, size, sets.seed)
        key = self.named("kid", sets.fake)
        return Found({key: float(values.mean()), f"{key}_std": float(values.std(correction=0))}, {"subset_size": size})


@dataclass(frozen=True)
class KIDOfUGATIT(OfSets):
    """KID as U-GAT-IT's authors compute it (taki0112/GAN_Metrics-Tensorflow): means over blocks of 10, times 100.

    The error is that of the mean. ``kid_ugatit_mean`` is their second measure, (0.02 KID(target, fake) + 0.98
    KID(source, fake)) / 2, which the published table fits: it is mostly a distance to the source.
    """

    judge: Judge
    layer: str = "2048"
    block: int = 10
    looks_at_sources: ClassVar[bool] = True

    def found(self, sets: Sets) -> Found:
        """The plain one with its error, and the mean one where there are sources."""
        enough("of each set it", min(len(sets.fake), len(sets.real)), 2)
        sources = [sets.source] if len(sets.source) else []
        smallest = min(len(rows) for rows in (sets.fake, sets.real, *sources))
        largest = max(len(rows) for rows in (sets.fake, sets.real, *sources))
        if smallest < 2 * -(-largest // self.block):
            raise Unmeasurable(
                f"sets of {smallest} and {largest} pictures leave blocks with fewer than two: "
                "take sets of nearer sizes, or a larger metrics.kid_ugatit.block"
            )
        plain = 100 * over_blocks(sets.real, sets.fake, self.block)
        key = self.named("kid_ugatit", sets.fake)
        values = {key: float(plain.mean())}
        if len(plain) > 1:
            values[f"{key}_std"] = float(plain.std() / len(plain) ** 0.5)
        for source in sources:
            to_source = 100 * over_blocks(source, sets.fake, self.block).mean()
            values[self.named("kid_ugatit_mean", sets.fake)] = float(0.01 * plain.mean() + 0.49 * to_source)
        return Found(values, {"times": 100, "blocks": len(plain)})


@dataclass(frozen=True)
class InceptionScore(OfSets):
    """exp of the mean divergence of a classifier's answers from their mean (Salimans et al. 2016): higher is better.

    Mean and deviation over ``splits`` consecutive parts. ``layer``: logits.
    """

    higher_is_better = True

    judge: Judge
    layer: str = "1008"
    splits: int = 10
    looks_at_reals: ClassVar[bool] = False

    def found(self, sets: Sets) -> Found:
        """Mean and standard deviation."""
        enough(f"of made pictures, in {self.splits} splits, it", len(sets.fake), self.splits)
        parts = sets.fake.double().softmax(dim=1).tensor_split(self.splits)
        scores = torch.stack([inception_score(part).exp() for part in parts])
        key = self.named("is", sets.fake)
        return Found({key: float(scores.mean()), f"{key}_std": float(scores.std(correction=0))})


@dataclass(frozen=True)
class SWD(OfSets):
    """Sliced Wasserstein distance of Laplacian patches, times 1000 (Karras et al. 2018, sec. 5): lower is better.

    Of equally many pictures of both sets. Their sides must be equal, and 16 px times a power of two.
    """

    patches: int = 128
    side: int = 7
    repeats: int = 4
    directions: int = 128

    def found(self, sets: Sets) -> Found:
        """The mean of the levels, then each level by its size in pixels."""
        count = min(len(sets.fake), len(sets.real))
        pictures = (sets.fake[:count], sets.real[:count])
        size = square(pictures[0].shape[-2:])
        if pictures[1].shape[-2:] != pictures[0].shape[-2:]:
            raise Unmeasurable(f"made pictures have {size} px, and real ones {pictures[1].shape[-1]}: take equal sizes")
        for name, one in zip(("made", "real"), pictures, strict=True):
            if (one == one[:1, :, :1, :1]).all():
                raise Unmeasurable(f"all {name} pictures are one colour, which has no patches to compare")
        distances = pyramid_distances(*pictures, self.patches, self.side, self.repeats, self.directions, sets.seed)
        values = {f"swd_{size}px": float(distances.mean())}
        levels = {f"swd_{size}px_level_{size >> i}": float(one) for i, one in enumerate(distances)}
        return Found({**values, **levels}, {"times": 1000, "compared": count})


@dataclass(frozen=True)
class Variety(OfSets):
    """MS-SSIM of pairs of made pictures, as ProGAN measures variety (Odena et al. 2017): lower is more varied."""

    looks_at_reals: ClassVar[bool] = False

    def found(self, sets: Sets) -> Found:
        """The mean over consecutive pairs."""
        size, count = square(sets.fake.shape[-2:]), len(sets.fake) // 2 * 2
        first, second = (torch.split(sets.fake[start:count:2], 64) for start in (0, 1))
        total = sum(float(ms_ssim(a.double(), b.double())) * len(a) for a, b in zip(first, second, strict=True))
        return Found({f"ms_ssim_of_samples_{size}px": total / (count // 2)}, {"pairs": count // 2, "weights": WEIGHTS})


def square(shape: torch.Size) -> int:
    """The side of square pictures that halve down to 16 px.

    Raises:
        Unmeasurable: they are others.
    """
    height, width = shape
    if height != width or height < 16 or height & (height - 1):
        raise Unmeasurable(
            f"takes square pictures of 16, 32, 64 … px, and these are {width}x{height}: "
            "set data.load_size and data.crop_size to such a size"
        )
    return height
