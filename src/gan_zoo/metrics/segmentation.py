"""Segmentation consistency: whether a segmentation network finds in a photo what the photo was made from.

The FCN score of Isola et al. (CVPR 2017, sec. 4.1), with any network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.metrics.protocol import Found, Judge, OfPairs, Pairs, Unmeasurable, unit


@dataclass(frozen=True)
class Segmentation(OfPairs):
    """Pixel accuracy, mean class accuracy and mean intersection over union; higher is better.

    The judge gives logits (N, classes, h, w), which are brought to the picture's size (bilinear). The truth is, in this
    order: the data's label maps; with a ``palette`` (a colour of three bytes for each class) the nearest colour of the
    picture that was translated; else what the judge finds in the real picture. Pixels of class ``ignore`` do not count,
    and classes that occur in no truth do not enter the means. ``places``: the directions to what the judge knows; ()
    for all.
    """

    higher_is_better = True

    judge: Judge | None = None
    palette: Sequence[Sequence[int]] | None = None
    ignore: int | None = None
    places: Sequence[str] = ()

    key = "segmentation"

    def needed(self) -> Judge:
        """The judge.

        Raises:
            Unmeasurable: none was given.
        """
        if self.judge is None:
            raise Unmeasurable("it needs a network: judges.segmenter._target_=MODULE.CLASS names one")
        return self.judge

    def each(self, pairs: Pairs) -> Tensor:
        """(N, classes, classes): pixels by true and found class."""
        logits = self._logits(pairs.seen_fake)
        truth, classes = self._truth(pairs), logits.shape[1]
        counted = (truth >= 0) & (truth < classes)
        if self.ignore is not None:
            counted &= truth != self.ignore
        joint = classes * truth.clamp(0, classes - 1) + logits.argmax(dim=1)
        rows = [torch.bincount(one[mask], minlength=classes**2) for one, mask in zip(joint, counted, strict=True)]
        return torch.stack(rows).view(-1, classes, classes)

    def found(self, rows: Tensor) -> Found:
        """Of all pictures' pixels together."""
        table = rows.double().sum(dim=0)
        right, true = table.diagonal(), table.sum(dim=1)
        known, either = true > 0, true + table.sum(dim=0) - table.diagonal()
        if not known.any():
            raise Unmeasurable("no pixel has a true class; look at metrics.segmentation.palette and ignore")
        values = {
            "pixel_accuracy": float(right.sum() / table.sum()),
            "class_accuracy": float((right / true)[known].mean()),
            "iou": float((right / either)[known].mean()),
        }
        return Found({f"{self.key}_{name}": value for name, value in values.items()}, {"classes": int(known.sum())})

    def _logits(self, pictures: Tensor) -> Tensor:
        logits = self.needed()(pictures)
        logits = next(iter(logits.values())) if isinstance(logits, Mapping) else logits
        return F.interpolate(logits.float(), pictures.shape[-2:], mode="bilinear", align_corners=False)

    def _truth(self, pairs: Pairs) -> Tensor:
        if "label" in pairs.batch:
            return pairs.batch["label"][:, 0].long()
        if self.palette is None:
            return self._logits(pairs.seen_target).argmax(dim=1)
        colours = unit(torch.tensor([list(colour) for colour in self.palette], device=pairs.fake.device))
        return (
            torch.cdist(pairs.batch["source"].flatten(2).mT.float(), colours)
            .argmin(dim=2)
            .view(len(pairs.fake), *pairs.batch["source"].shape[-2:])
        )
