"""The data module of pictures alone: at full size, or growing with the model."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.growing import Growing, GrowingLoader, GrowingSampler, Grows, grows, whole
from gan_zoo.data.kinds.pictures import Pictures
from gan_zoo.data.options import positive
from gan_zoo.data.transforms import Mode
from gan_zoo.data.transforms_square import CentreSquare
from gan_zoo.errors import UserError


class PictureModule(ImageDataModule):
    """Batches {"image": N C H W} in [-1, 1].

    With a model whose ``schedule`` says how it grows, size and number of a batch's pictures are the schedule's, and
    pictures are faded as the level of detail says; ``batch_size`` (per device) counts for other models. One epoch is
    then the whole training: it ends after the schedule's ``total_kimg`` with ``trainer.max_epochs=1``, and never with
    -1 (``trainer.max_steps`` or ``max_time`` end it).

    ``resolution``: the full side in pixels. ``preprocess``: ``CentreSquare`` or ``Letterbox`` of
    ``gan_zoo.data.transforms_square``. ``cache_mb``: files are kept decoded where all of them fit in it, and of the
    pictures of the present size as many as fit. The rest as for ``ImageDataModule``.
    """

    def __init__(
        self,
        name: str = "images",
        root: str | Path | None = None,
        resolution: int = 256,
        preprocess: Callable[[int, int], Mode] = CentreSquare,
        batch_size: int = 4,
        **options: Any,
    ) -> None:
        side = positive("data.resolution", resolution)
        options |= {"load_size": side, "crop_size": side, "batch_size": batch_size, "preprocess": preprocess}
        super().__init__(name, root, Pictures(), **options)
        if not isinstance(self.mode, CentreSquare):
            raise UserError(
                f"data.preprocess={type(self.mode).__name__}: pictures alone are cut in the middle: take CentreSquare "
                "or Letterbox of gan_zoo.data.transforms_square"
            )
        self.resolution = side
        self.cache_bytes = int(float(options.get("cache_mb", 256)) * 2**20)

    @property
    def growth(self) -> Grows | None:
        """The schedule of a model that grows, once there is a trainer with one."""
        module = self.trainer.lightning_module if self.trainer is not None else None
        schedule = getattr(module, "schedule", None)
        return schedule if grows(schedule) else None

    def setup(self, stage: str | None = None) -> None:
        """Look at the folder, and at what a growing model makes of the trainer's options."""
        if (growth := self.growth) is not None and stage == "fit":
            self._check(growth)
        super().setup(stage)

    def describe(self) -> str:
        """One line: what was found where, how much of it, and what it is made to."""
        return f"{super().describe().rpartition(';')[0]}; {self.resolution}x{self.resolution} px at full size"

    def train_dataloader(self) -> Any:
        """The training loader; sharded by rank, resumable."""
        growth = self.growth
        if growth is None:
            return super().train_dataloader()
        world, rank = self._ranks()
        assert self.trainer is not None
        module: Any = self.trainer.lightning_module
        stands = partial(_stands, module)
        sampler = GrowingSampler(growth, stands, world, rank, whole=self.trainer.max_epochs == 1)
        workers = self._workers(world)
        how = self._how(workers) | {"collate_fn": whole, "persistent_workers": workers > 0}
        return GrowingLoader(Growing(self.images("train"), self.cache_bytes), batch_size=None, sampler=sampler, **how)

    def val_dataloader(self) -> Any:
        """No loader: pictures that are made of nothing have nothing to be held against."""
        return []

    def _check(self, growth: Grows) -> None:
        """Raise ``UserError`` where model, data and trainer do not fit."""
        assert self.trainer is not None
        if growth.resolution != self.resolution:
            raise UserError(
                f"data.resolution={self.resolution} but the model grows to {growth.resolution} px: "
                f"set data.resolution={growth.resolution}, or model.resolution"
            )
        if self.trainer.accumulate_grad_batches != 1:
            raise UserError(
                f"trainer.accumulate_grad_batches={self.trainer.accumulate_grad_batches}: a growing model's batches "
                "are the schedule's; set it to 1, and model.schedule.batches to smaller ones"
            )
        if self.trainer.max_epochs not in (None, 1, -1):
            raise UserError(
                f"trainer.max_epochs={self.trainer.max_epochs}: a growing model trains in one epoch; set "
                "trainer.max_epochs=1 for all of model.schedule.total_kimg, or -1 and trainer.max_steps"
            )


def _stands(module: Any) -> tuple[int, int]:
    """The images seen when a model's clock was last looked at, and the iterations trained since."""
    return module.schedule.clock(module), module.global_step % module.schedule.every
