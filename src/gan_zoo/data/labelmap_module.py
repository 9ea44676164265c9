"""The data module of label maps: ``ImageDataModule`` with the words that label maps need."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gan_zoo.data.class_names import class_names
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.kinds.labelmaps import LabelMaps
from gan_zoo.data.maps import PALETTES
from gan_zoo.data.options import chosen, not_negative, positive
from gan_zoo.data.transforms import Mode
from gan_zoo.data.transforms_labels import ScaleWidth, Stepped
from gan_zoo.data.views_labels import Labels
from gan_zoo.errors import UserError


class LabelMapModule(ImageDataModule):
    """Batches {"label": N 1 H W int64, "instance": N 1 H W int64, "image": N 3 H W, "feature": N F H W in [-1, 1]}.

    ``labels``: the number of classes (the reference's label_nc): ids are 0 .. labels - 1. ``instances``, ``features``:
    whether instance maps and stored features are read. ``void``: the id of pixels without a label (often 255), which
    become the last class, labels - 1. ``palette``: "index" or "gray", what counts in palette images. ``class_names``: a
    list, or ids by name (None: ``labels.txt`` or ``classes.json`` in the folder). ``feature_channels``: of the stored
    features; ``channels``: ``b`` of the photos (``a`` would be those of an input in colours). ``preprocess``: a class
    of ``gan_zoo.data.transforms_labels``, called with (load_size, crop_size, multiple=multiple): ``multiple`` is what
    sides must be multiples of, the generator's stride; in training it becomes a multiple of the model's own
    ``generator.stride``. The rest as for ``ImageDataModule``.
    """

    def __init__(
        self,
        name: str = "labelmaps",
        root: str | Path | None = None,
        labels: int = 35,
        instances: bool = True,
        features: bool = False,
        void: int | None = None,
        palette: str | None = None,
        class_names: Mapping[Any, Any] | Sequence[str] | None = None,
        feature_channels: int = 3,
        preprocess: Callable[..., Mode] = ScaleWidth,
        test_preprocess: Callable[..., Mode] | None = None,
        load_size: int = 1024,
        crop_size: int = 512,
        multiple: int = 16,
        **options: Any,
    ) -> None:
        self.labels, self.instances, self.features = positive("data.labels", labels), bool(instances), bool(features)
        if palette is not None:
            chosen(PALETTES, palette, "data.palette")
        void = None if void is None else not_negative("data.void", void)
        if void is not None and void < labels - 1:
            raise UserError(f"data.void={void} is one of the classes 0..{labels - 1}: void ids lie beyond them")
        depth = positive("data.feature_channels", feature_channels)
        kind = LabelMaps(self.labels, self.instances, self.features, void, palette, depth)
        self.multiple = positive("data.multiple", multiple)
        options |= {"load_size": load_size, "crop_size": crop_size}
        options["preprocess"] = partial(preprocess, multiple=multiple)
        options["test_preprocess"] = partial(test_preprocess, multiple=multiple) if test_preprocess else None
        super().__init__(name, root, kind, **options)
        self.kind: LabelMaps = kind
        self.class_names = class_names

    def setup(self, stage: str | None = None) -> None:
        """Detect the layout and check the splits that the stage needs, sides against the generator's stride too."""
        module = self.trainer.lightning_module if self.trainer is not None else None
        stride = getattr(getattr(module, "generator", None), "stride", 1)
        multiple = math.lcm(self.multiple, stride) if isinstance(stride, int) else self.multiple
        if multiple != self.multiple and isinstance(self.mode, Stepped) and isinstance(self.test_mode, Stepped):
            self.multiple = multiple
            self.mode, self.test_mode = (replace(mode, multiple=multiple) for mode in (self.mode, self.test_mode))
            self.shelf.mode, self.shelf.test_mode = self.mode, self.test_mode
            self.shelf.splits.clear()  # checked for another multiple
        super().setup(stage)

    @property
    def view(self) -> Labels:
        """How tensors become pictures and back, with the names of the classes."""
        names = class_names(self.layout.root, self.class_names)
        known = {name: number for name, number in names.items() if number < self.labels}
        depths = {"image": self.channels["b"], "feature": self.kind.feature_channels}
        return Labels(self.labels, depths, known, self.kind.void, self.kind.palette)
