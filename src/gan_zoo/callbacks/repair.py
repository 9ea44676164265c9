"""Is it any good? What a repair of damaged photographs has learnt, against filling the holes with one colour."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.callbacks.demo import MOST_TRAINING_IMAGES, FinalReport, single_images
from gan_zoo.callbacks.inference import inference
from gan_zoo.data.datasets import Repair


@dataclass
class Repaired:
    """Mean absolute errors inside the holes, on the scale [-1, 1], and chroma there, predicted / real."""

    l1: float
    unrepaired: float
    median: float
    own_mean: float
    neighbours: float
    chroma_ratio: float
    images: int

    @property
    def gains(self) -> tuple[float, float, float]:
        """By how much the model's error is below that of each simple filling, in per cent."""
        none, median, own = (100 * (1 - self.l1 / other) for other in (self.unrepaired, self.median, self.own_mean))
        return none, median, own

    @property
    def good(self) -> bool:
        """At least a tenth better than all three of one colour, and neither faded nor garish."""
        return min(self.gains) >= 10 and 0.7 <= self.chroma_ratio <= 1.3

    def verdict(self) -> str:
        """In words."""
        none, median, own = (f"{abs(gain):.0f} % {'better' if gain >= 0 else 'worse'}" for gain in self.gains)
        vivid = "faded" if self.chroma_ratio < 0.7 else "garish" if self.chroma_ratio > 1.3 else "as vivid as real ones"
        return (
            f"In the holes of {self.images} test photos the pixels are {none} than gray, {median} than the training "
            f"photos' median colour and {own} than each photo's own mean colour; they are {vivid} "
            f"({self.chroma_ratio:.2f} of the real chroma). Averaging the neighbours, which needs no training, errs by "
            f"{self.neighbours:.3f}; the model by {self.l1:.3f}."
        )

    def rows(self) -> list[tuple[str, str]]:
        """A small table."""
        return [
            ("L1 in the holes, the model", f"{self.l1:.4f}"),
            ("L1 in the holes, left gray", f"{self.unrepaired:.4f}"),
            ("L1 in the holes, the training set's median", f"{self.median:.4f}"),
            ("L1 in the holes, the photo's own mean", f"{self.own_mean:.4f}"),
            ("L1 in the holes, averaged neighbours", f"{self.neighbours:.4f}"),
            ("mean chroma, predicted / real", f"{self.chroma_ratio:.2f}"),
        ]

    def metrics(self) -> dict[str, float]:
        """Under the names that loggers see."""
        return {
            "repair/l1": self.l1,
            "repair/l1_unrepaired": self.unrepaired,
            "repair/l1_median": self.median,
            "repair/l1_own_mean": self.own_mean,
            "repair/l1_neighbours": self.neighbours,
            "repair/chroma_ratio": self.chroma_ratio,
        }


class RepairReport(FinalReport):
    """At the end of training on ``Repair`` data, judges the test photos: printed, logged as ``repair/…``, and shown.

    Args:
        split: the photos to judge by.
    """

    title = "Repair"

    def concerns(self, data: Any) -> bool:
        """Whether these are photographs to repair."""
        return isinstance(getattr(data, "kind", None), Repair)

    def measure(self, trainer: Any, module: Any, data: Any) -> Repaired:
        """Means over the missing pixels of all photos of the split, each photo counting the same."""
        guess = median_color(data).to(module.device)
        sums, images = torch.zeros(7, dtype=torch.float64), 0
        with inference(trainer, module):
            for sample in single_images(data, self.split):
                holed, real = sample["a"].to(module.device), sample["b"].to(module.device)
                missing = holed[:, -1:] < 0
                made = module.translate(holed).float().clamp(-1, 1)
                own = real.where(~missing, torch.nan).nanmean((2, 3), keepdim=True)
                fillings = (made, torch.zeros_like(real), guess, own, from_neighbours(real, missing))
                errors = [within((filling - real).abs(), missing) for filling in fillings]
                sums += torch.stack([*errors, *(within(chroma(x), missing) for x in (made, real))]).cpu().double()
                images += 1
        l1, unrepaired, median, own_mean, neighbours, predicted, true = (sums / images).tolist()
        return Repaired(l1, unrepaired, median, own_mean, neighbours, predicted / max(true, 1e-12), images)


def median_color(data: Any) -> Tensor:
    """The median of each channel over the training photos, (1, C, 1, 1) in [-1, 1]; every eighth pixel counts."""
    pixels = [sample["b"][0, :, ::8, ::8].flatten(1) for sample in single_images(data, "train", MOST_TRAINING_IMAGES)]
    return torch.cat(pixels, dim=1).median(dim=1).values.view(1, -1, 1, 1)


def from_neighbours(images: Tensor, missing: Tensor) -> Tensor:
    """Fill (N, C, H, W) where ``missing`` (N, 1, H, W) from the rim inwards, each pixel by its neighbours' mean."""
    known = (~missing).float()
    filled = images * known
    while known.any() and not known.all():
        weight = F.avg_pool2d(known, 3, stride=1, padding=1)
        rim = (known == 0) & (weight > 0)
        filled = torch.where(rim, F.avg_pool2d(filled, 3, stride=1, padding=1) / weight.clamp(min=1e-6), filled)
        known = torch.where(rim, 1.0, known)
    return filled


def within(values: Tensor, mask: Tensor) -> Tensor:
    """The mean of values (N, C, H, W) where the mask (N, 1, H, W) is set."""
    return values[mask.expand_as(values)].mean()


def chroma(images: Tensor) -> Tensor:
    """How far the channels are apart, (N, C, H, W) -> (N, 1, H, W)."""
    return images.amax(1, keepdim=True) - images.amin(1, keepdim=True)
