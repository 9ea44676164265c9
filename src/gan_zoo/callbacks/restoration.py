"""Is it any good? What a restoration has learnt, against enlarging by interpolation alone."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan_zoo.callbacks.demo import FinalReport, single_images
from gan_zoo.callbacks.inference import inference
from gan_zoo.data.datasets import Restore


@dataclass
class Restoration:
    """Mean absolute errors on the scale [-1, 1]; sharpness: mean difference of neighbours, relative to the photos."""

    l1: float
    interpolated: float
    sharpness: float
    interpolated_sharpness: float
    images: int

    @property
    def gain(self) -> float:
        """By how much the model's error is below that of interpolation, in per cent."""
        return 100 * (1 - self.l1 / self.interpolated)

    @property
    def good(self) -> bool:
        """At least a tenth better, and neither blurred nor noisy."""
        return self.gain >= 10 and 0.7 <= self.sharpness <= 1.3

    def verdict(self) -> str:
        """In words."""
        better = f"{abs(self.gain):.0f} % {'closer to' if self.gain >= 0 else 'farther from'}"
        sharp = "blurred" if self.sharpness < 0.7 else "noisy" if self.sharpness > 1.3 else "as sharp as real ones"
        return (
            f"On {self.images} test photos the restored ones are {better} the originals than bicubic enlargement; "
            f"they are {sharp} ({self.sharpness:.2f} of the real sharpness; enlarged: {self.interpolated_sharpness:.2f})."
        )

    def rows(self) -> list[tuple[str, str]]:
        """A small table."""
        return [
            ("L1 of [-1, 1], the model", f"{self.l1:.4f}"),
            ("L1 of [-1, 1], bicubic enlargement", f"{self.interpolated:.4f}"),
            ("sharpness, restored / real", f"{self.sharpness:.2f}"),
            ("sharpness, enlarged / real", f"{self.interpolated_sharpness:.2f}"),
        ]

    def metrics(self) -> dict[str, float]:
        """Under the names that loggers see."""
        return {
            "restoration/l1": self.l1,
            "restoration/l1_interpolated": self.interpolated,
            "restoration/sharpness": self.sharpness,
        }


class RestorationReport(FinalReport):
    """At the end of training on ``Restore`` data, judges the test photos: printed, logged as ``restoration/…``, shown.

    Args:
        split: the photos to judge by.
    """

    title = "Restoration"

    def concerns(self, data: Any) -> bool:
        """Whether these are photographs to restore."""
        return isinstance(getattr(data, "kind", None), Restore)

    def measure(self, trainer: Any, module: Any, data: Any) -> Restoration:
        """Means over all pixels of all photos of the split, each photo counting the same."""
        sums, images = torch.zeros(5, dtype=torch.float64), 0
        with inference(trainer, module):
            for sample in single_images(data, self.split):
                small, real = sample["a"].to(module.device), sample["b"].to(module.device)
                made = module.translate(small).float().clamp(-1, 1)
                errors = [(made - real).abs().mean(), (small - real).abs().mean()]
                sums += torch.stack([*errors, *map(edges, (made, small, real))]).double().cpu()
                images += 1
        l1, interpolated, restored, enlarged, true = (sums / images).tolist()
        return Restoration(l1, interpolated, restored / max(true, 1e-12), enlarged / max(true, 1e-12), images)


def edges(images: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels, (N, C, H, W) -> () scalar."""
    return images.diff(dim=-1).abs().mean() + images.diff(dim=-2).abs().mean()
