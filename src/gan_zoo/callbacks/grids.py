"""Grids of the same pictures over time."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from gan_zoo.callbacks.inference import inference
from gan_zoo.callbacks.tick import dry
from gan_zoo.data.views import Plain
from gan_zoo.data.views_labels import with_maps
from gan_zoo.errors import UserError

Batch = dict[str, Tensor]
NAME = re.compile(r"\d{9}\.jpg")


class ImageGrids(Callback):
    """At each tick, what the model makes of the same few samples: ``dirpath/<images seen>.jpg``, a row a sample.

    Loggers that take images get each grid under the one key "samples", so that their slider shows training. The random
    numbers of training are not touched, and those of a translation are the same each time: only the weights differ.

    Args:
        dirpath: where to; a folder ``samples`` beside the logs if None.
        n_samples: rows.
        split: the data's split that they come from.
        at_start: whether to show the untrained model too.
        width: pixels that a picture is brought to, by whole factors if it is smaller.
    """

    def __init__(
        self,
        dirpath: str | Path | None = None,
        n_samples: int = 4,
        split: str = "val",
        at_start: bool = True,
        width: int = 256,
    ) -> None:
        if n_samples < 1:
            raise UserError(
                f"callbacks.grids.n_samples is {n_samples}: give 1 or more, or callbacks.grids=null for none"
            )
        self.dirpath = None if dirpath is None else Path(dirpath)
        self.n_samples, self.split, self.at_start, self.width = n_samples, split, at_start, width
        self.samples: Batch | None = None

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Find the folder."""
        if self.dirpath is None:
            self.dirpath = Path(trainer.log_dir or trainer.default_root_dir) / "samples"

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Remove grids of a future that a resumed run will make again, and show the untrained model."""
        if not trainer.is_global_zero or dry(trainer):
            return
        for path in self.grids():
            if int(path.stem) > pl_module.images_seen:
                path.unlink()
        if self.at_start and pl_module.images_seen == 0:
            self.on_tick(trainer, pl_module)

    def on_tick(self, trainer: Trainer, module: Any) -> None:
        """Draw the grid, on the first rank."""
        if not trainer.is_global_zero:
            return
        pictures = self.render(trainer, module)
        if not pictures:
            return
        grid = draw(pictures, self.width)
        path = self._folder / f"{module.images_seen:09d}.jpg"
        save(grid, path)
        for logger in trainer.loggers:
            show(logger, grid, trainer.global_step)

    def render(self, trainer: Trainer, module: Any) -> dict[str, Tensor]:
        """Columns by name: uint8 (N, 3, H, W); empty where the data hold no samples that could be shown."""
        with inference(trainer, module):
            if self.samples is None:
                self.samples = fixed_samples(trainer, self.n_samples, self.split)
            batch = {name: value.to(module.device) for name, value in self.samples.items() if isinstance(value, Tensor)}
            if not batch:
                return {}
            visuals = {name: _in_range(images) for name, images in module.visuals(batch).items()}
            view = getattr(trainer.datamodule, "view", None) or Plain(module.channels)  # type: ignore[attr-defined]
            return {name: images.cpu() for name, images in with_maps(view, visuals, batch).items()}

    def grids(self) -> list[Path]:
        """Those drawn so far, oldest first."""
        return sorted(path for path in self._folder.glob("*.jpg") if NAME.fullmatch(path.name))

    @property
    def _folder(self) -> Path:
        assert self.dirpath is not None, "known after setup"
        return self.dirpath


def fixed_samples(trainer: Any, n: int, split: str) -> Batch:
    """The data module's own choice; else the first samples of a validation or training loader; else none."""
    if hasattr(trainer.datamodule, "fixed_samples"):
        samples: Batch = trainer.datamodule.fixed_samples(n, split)
        return samples
    for loader in (trainer.val_dataloaders, trainer.train_dataloader):
        with suppress(
            TypeError, AttributeError, IndexError, NotImplementedError
        ):  # it is no loader of a list of samples
            batch: Batch = loader.collate_fn([loader.dataset[i] for i in range(min(n, len(loader.dataset)))])
            return batch
    rank_zero_warn("no picture grids: these data have no fixed_samples() and cannot be indexed")
    return {}


def draw(pictures: Mapping[str, Tensor], width: int) -> Image.Image:
    """A row a sample, a column a name, names above; pictures (N, 3, H, W) uint8 brought to about ``width`` px."""
    gap, head = 4, 32
    columns = [[_scaled(picture, width) for picture in images] for images in pictures.values()]
    cell_w = max(picture.width for column in columns for picture in column)
    rows = [max(picture.height for picture in row) for row in zip(*columns, strict=True)]
    size = (len(columns) * (cell_w + gap) + gap, head + sum(height + gap for height in rows))
    grid = Image.new("RGB", size, (24, 24, 27))
    pen, font = ImageDraw.Draw(grid), ImageFont.load_default(19)
    for x, (name, column) in enumerate(zip(pictures, columns, strict=True)):
        left = gap + x * (cell_w + gap)
        pen.text((left + cell_w / 2, head / 2), name, fill=(228, 228, 231), font=font, anchor="mm")
        for y, picture in enumerate(column):
            grid.paste(picture, (left + (cell_w - picture.width) // 2, head + sum(rows[:y]) + y * gap))
    return grid


def save(grid: Image.Image, path: Path) -> None:
    """Write it whole or not at all.

    Raises:
        UserError: the folder cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        grid.save(temporary, "JPEG", quality=90, subsampling=0)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UserError(f"cannot write the picture grid {path}: {error.strerror or error}") from error


def show(logger: Any, grid: Image.Image, step: int) -> None:
    """Give the grid to a logger that takes images: those of W&B and its like, and TensorBoard's."""
    if hasattr(logger, "log_image"):
        logger.log_image("samples", [grid])
    elif hasattr(getattr(logger, "experiment", None), "add_image"):
        pixels = torch.frombuffer(bytearray(grid.tobytes()), dtype=torch.uint8)
        logger.experiment.add_image("samples", pixels.view(grid.height, grid.width, 3), step, dataformats="HWC")


def _in_range(images: Tensor) -> Tensor:
    """Pictures as float32 in [-1, 1]; maps of ids as they are."""
    return images.float().clamp(-1, 1) if images.is_floating_point() else images


def _scaled(picture: Tensor, width: int) -> Image.Image:
    image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
    if image.width < width:
        factor = max(1, width // image.width)
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC)
    return image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
