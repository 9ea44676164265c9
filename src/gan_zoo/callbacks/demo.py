"""Is it any good? What a colourisation has learnt, against doing nothing and against the obvious guess."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from lightning import Callback, Trainer
from torch import Tensor

from gan_zoo.callbacks.gallery import Gallery, callbacks_of
from gan_zoo.callbacks.inference import inference
from gan_zoo.callbacks.page import Report

BINS = 4096  # of the histogram that the median is read from: finer than the 8 bits of a photo
MOST_TRAINING_IMAGES = 2000


@dataclass
class Colors:
    """Mean absolute errors of ab, of the scale [-1, 1] (ab / 110), and mean chroma predicted / real."""

    l1: float
    no_color: float
    median: float
    chroma_ratio: float
    images: int

    @property
    def gains(self) -> tuple[float, float]:
        """By how much the model's error is below that of no colour, and of the median, in per cent."""
        return 100 * (1 - self.l1 / self.no_color), 100 * (1 - self.l1 / self.median)

    @property
    def good(self) -> bool:
        """At least a tenth better than both, and neither faded nor garish."""
        return min(self.gains) >= 10 and 0.7 <= self.chroma_ratio <= 1.3

    def verdict(self) -> str:
        """In words."""
        none, median = (f"{abs(gain):.0f} % {'better' if gain >= 0 else 'worse'}" for gain in self.gains)
        vivid = "faded" if self.chroma_ratio < 0.7 else "garish" if self.chroma_ratio > 1.3 else "as vivid as real ones"
        text = f"On {self.images} test photos the colours are {none} than none and {median} than the constant median"
        return f"{text}; they are {vivid} ({self.chroma_ratio:.2f} of the real chroma)."

    def rows(self) -> list[tuple[str, str]]:
        """A small table."""
        return [
            ("L1 of ab, the model", f"{self.l1:.4f}"),
            ("L1 of ab, no colour", f"{self.no_color:.4f}"),
            ("L1 of ab, the training set's median", f"{self.median:.4f}"),
            ("mean chroma, predicted / real", f"{self.chroma_ratio:.2f}"),
        ]

    def metrics(self) -> dict[str, float]:
        """Under the names that loggers see."""
        return {
            "color/l1": self.l1,
            "color/l1_no_color": self.no_color,
            "color/l1_median": self.median,
            "color/chroma_ratio": self.chroma_ratio,
        }


class Verdict(Protocol):
    """What a report found."""

    def verdict(self) -> str:
        """In words."""

    def rows(self) -> list[tuple[str, str]]:
        """A small table."""

    def metrics(self) -> dict[str, float]:
        """Under the names that loggers see."""


class FinalReport(Callback):
    """At the end of training, judges the photos of a split: printed, logged, and in the gallery.

    It says nothing about data that do not concern it, nor where the split has no photos.
    """

    title: str

    def __init__(self, split: str = "test") -> None:
        self.split = split
        self.result: Any = None

    def concerns(self, data: Any) -> bool:
        """Whether there is something to say about these data."""
        raise NotImplementedError(f"{type(self).__name__} must say which data it judges")

    def measure(self, trainer: Trainer, module: Any, data: Any) -> Verdict:
        """Judge."""
        raise NotImplementedError(f"{type(self).__name__} must say how it judges")

    def on_final_tick(self, trainer: Trainer, module: Any) -> None:
        """Judge, on the first rank."""
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        if not trainer.is_global_zero or not self.concerns(data) or data.split(self.split) is None:
            return
        self.result = found = self.measure(trainer, module, data)
        for name, value in found.rows():
            print(f"{name + ':':<38} {value}")
        print(found.verdict(), flush=True)
        trainer.callback_metrics.update({name: torch.tensor(value) for name, value in found.metrics().items()})
        for logger in trainer.loggers:
            logger.log_metrics(found.metrics(), step=trainer.global_step)
        for gallery in callbacks_of(trainer, Gallery):
            gallery.reports[self.title.lower()] = Report(self.title, found.verdict(), found.rows())


class ColorReport(FinalReport):
    """At the end of training on Lab data, judges the test photos: printed, logged as ``color/…``, and in the gallery.

    Args:
        split: the photos to judge by.
    """

    title = "Colours"

    def concerns(self, data: Any) -> bool:
        """Whether these are photographs to colourise."""
        view = getattr(data, "view", None)
        return view is not None and view.config().get("kind") == "lab"

    def measure(self, trainer: Trainer, module: Any, data: Any) -> Colors:
        """Means over all pixels of all photos of the split, each photo counting the same."""
        return measure(trainer, module, data, self.split)


def measure(trainer: Trainer, module: Any, data: Any, split: str) -> Colors:
    """Means over all pixels of all photos of the split, each photo counting the same."""
    guess = median_ab(single_images(data, "train", MOST_TRAINING_IMAGES)).to(module.device)
    sums, images = torch.zeros(5, dtype=torch.float64), 0
    with inference(trainer, module):
        for sample in single_images(data, split):
            lightness, real = sample["a"].to(module.device), sample["b"].to(module.device)
            made = module.translate(lightness).float().clamp(-1, 1)
            errors = [(made - real).abs(), real.abs(), (guess - real).abs(), chroma(made), chroma(real)]
            sums += torch.stack([error.mean().double() for error in errors]).cpu()
            images += 1
    l1, no_color, median, predicted, true = (sums / images).tolist()
    return Colors(l1, no_color, median, predicted / max(true, 1e-12), images)


def median_ab(samples: Iterator[dict[str, Tensor]]) -> Tensor:
    """The median of a and of b over all pixels, (1, 2, 1, 1) in [-1, 1], to half a thousandth."""
    counts = torch.zeros(2, BINS)
    for sample in samples:
        counts += torch.stack([torch.histc(channel, BINS, -1, 1) for channel in sample["b"][0].float()])
    share = counts.cumsum(1) / counts.sum(1, keepdim=True)
    return (((share >= 0.5).int().argmax(1) + 0.5) / BINS * 2 - 1).view(1, 2, 1, 1)


def chroma(ab: Tensor) -> Tensor:
    """sqrt(a^2 + b^2): (N, 2, H, W) -> (N, H, W)."""
    return ab.square().sum(1).sqrt()


def single_images(data: Any, split: str, most: int | None = None) -> Iterator[dict[str, Tensor]]:
    """Its photos one by one, not augmented, as batches of one."""
    images = data.images(split, augment=False)
    for i in range(len(images) if most is None else min(most, len(images))):
        if isinstance(sample := images[i], dict):
            yield {name: sample[name][None] for name in ("a", "b")}
