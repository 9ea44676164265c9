"""One LightningDataModule for every kind of images: it finds the data, checks it, and hands out loaders that can be
resumed."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.accelerators import CUDAAccelerator

from gan_zoo.data import registry
from gan_zoo.data.fingerprint import fingerprint
from gan_zoo.data.folders import Layout, Split, existing
from gan_zoo.data.kinds.base import Kind
from gan_zoo.data.loader import Batch, EvalLoader, Failure, StreamLoader, collate, middles
from gan_zoo.data.options import DIRECTIONS, ON_ERROR, chosen, not_negative, positive, warn_all
from gan_zoo.data.sampler import StreamSampler
from gan_zoo.data.samples import Album, Images, Shot
from gan_zoo.data.shelf import Shelf
from gan_zoo.data.transforms import Mode, ResizeAndCrop
from gan_zoo.data.views import View
from gan_zoo.data.worlds.truth import Truth
from gan_zoo.data.worlds.world import World
from gan_zoo.errors import UserError


class ImageDataModule(LightningDataModule):
    """Batches {"a": N C H W, "b": N C H W} in [-1, 1], drawn as pure functions of (seed, position in the stream).

    ``name``: a data set of the registry, or any name for one of your own; ``root``: its folder (None: where the
    registry says). ``dataset``: the kind, ``Paired()``, ``Unpaired()``, ``Colorize()`` or ``Repair()`` (None: the
    registry's for that name). ``direction``: "ab" or "ba" (also "AtoB", "BtoA"); "ba" exchanges the two sides before
    anything else. ``channels``: of ``a`` and ``b`` after that; 1 is gray. ``preprocess``: a class of
    ``gan_zoo.data.transforms``, called with (load_size, crop_size), in pixels; ``test_preprocess``: the same for
    validation and test (None: what the former means then). ``batch_size``: per device. ``num_workers``: None is min(4,
    cores per device - 1). ``on_error``: "raise" or "skip". ``max_samples``: only the first so many of each side.
    ``cache_mb``: decoded images are kept in memory if they fit. ``world``: where pictures are drawn, at ``crop_size``,
    in place of being read (None: the registry's for that name, if there is one); ``root`` then has no meaning.

    ``setup`` raises ``UserError`` for everything that can be known before training: missing, empty or unreadable
    folders and files, pairs that do not match, odd widths, images smaller than the crop, a batch larger than the data
    set.
    """

    def __init__(
        self,
        name: str = "colorize_cc0",
        root: str | Path | None = None,
        dataset: Kind | None = None,
        direction: str = "ab",
        channels: Mapping[str, int] | None = None,
        preprocess: Callable[[int, int], Mode] = ResizeAndCrop,
        test_preprocess: Callable[[int, int], Mode] | None = None,
        load_size: int = 286,
        crop_size: int = 256,
        flip: bool = True,
        batch_size: int = 1,
        eval_batch_size: int = 1,
        num_workers: int | None = None,
        seed: int = 0,
        on_error: str = "raise",
        max_samples: int | None = None,
        cache_mb: float = 256,
        world: World | None = None,
    ) -> None:
        super().__init__()
        self.name: str = name
        self.root = root
        self.kind = dataset if dataset is not None else registry.entry(name).dataset
        known = registry.known(name)
        self.world = world if world is not None or known is None or root is not None else known.world
        self.direction = direction
        self._swapped = chosen(DIRECTIONS, direction, "data.direction")
        complain = chosen(ON_ERROR, on_error, "data.on_error")
        self._skip = complain is warn_all
        if self._swapped and not self.kind.swaps:
            raise UserError(f"data.direction={direction}: this kind of data has one direction only, ab")
        self.channels = {
            side: positive(f"data.channels.{side}", n) for side, n in dict(channels or self.kind.channels).items()
        }
        if set(self.channels) != set(self.kind.channels):
            names, example = " and ".join(self.kind.channels), str(dict(self.kind.channels)).replace("'", "")
            raise UserError(f"data.channels={self.channels}: say the channels of {names}, as in {example}")
        self.mode = preprocess(load_size, crop_size)
        self.test_mode = test_preprocess(load_size, crop_size) if test_preprocess else self.mode.at_test_time()
        self.batch_size = positive("data.batch_size", batch_size)
        self.eval_batch_size = positive("data.eval_batch_size", eval_batch_size)
        self.num_workers = None if num_workers is None else not_negative("data.num_workers", num_workers)
        self.seed, self.flip = not_negative("data.seed", seed), bool(flip)
        count = None if max_samples is None else positive("data.max_samples", max_samples)
        modes = (self.mode, self.test_mode)
        self.shelf = Shelf(
            self.kind, self._find, complain, *modes, self._swapped, count, cache_bytes=int(cache_mb * 2**20)
        )

    # ------------------------------------------------------------------ finding and checking

    def setup(self, stage: str | None = None) -> None:
        """Detect the layout and check the splits that the stage needs (None: all of them)."""
        needed = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",), "predict": ("test",)}
        for split in needed.get(stage or "", ("train", "val", "test")):
            self.split(split)

    def _find(self) -> Layout:
        if self.world is not None:
            return self._drawn(self.world)
        return self.kind.layout(existing(registry.locate(self.name, self.root)))

    def _drawn(self, world: World) -> Layout:
        if self.root is not None:
            raise UserError(f"data.root={self.root}: the pictures of {self.name} are drawn; leave data.root out")
        side = self.mode.crop_size
        if (made := self.test_mode.target(side, side)) != (side, side):
            sides = "x".join(map(str, made))
            raise UserError(f"data.crop_size={side}: test pictures would become {sides}; take data.crop_size={made[0]}")
        return world.layout(self.kind.sides, side, apart=not self.kind.paired)

    @property
    def layout(self) -> Layout:
        """What lies in the data set's folder. Raises ``UserError``."""
        return self.shelf.layout

    def split(self, name: str) -> Split | None:
        """The pictures of a split, checked, sides exchanged for direction ba; None where there is no such split."""
        return self.shelf.split(name)

    @property
    def album(self) -> Album:
        """The pictures that are kept in memory."""
        return self.shelf.album

    # ------------------------------------------------------------------ what others ask

    @property
    def train_size(self) -> int:
        """Images of the larger domain of the training split: an epoch."""
        train = self.shelf.found("train")
        return max(len(train.a), len(train.b))

    @property
    def view(self) -> View:
        """How tensors become pictures and back."""
        seen = self.shelf.any_split()
        bits = {"a": self.shelf.bits(seen.a), "b": self.shelf.bits(seen.b)}
        return self.kind.view(self.channels, bits)

    def describe(self) -> str:
        """One line: what was found where, how much of it, and in which direction it is used."""
        parts = []
        for name, found in self.layout.splits.items():
            if split := self.split(name):
                count = f"{len(split.a)}" if self.kind.paired or not split.b else f"{len(split.a)} + {len(split.b)}"
                also = [other for other in ("val", "test") if other != name and self.layout.split(other) is found]
                parts.append(f"{name} {count}" + "".join(f" (also used as {other})" for other in also))
        way = f"direction {'ba: B is a, A is b' if self._swapped else 'ab'}"
        return f"{self.name}: {self.layout.found}: {', '.join(parts)}; {self.shelf.sizes()}; {way}"

    def truth(self, split: str) -> Truth | None:
        """What the pictures of a split show, where they are drawn: outputs can be held against it.

        Raises ``UserError`` where there is no such split.
        """
        found = self.shelf.found(split)
        return None if self.world is None else Truth(self.world, found.a, found.b)

    def images(self, split: str, *, augment: bool | None = None) -> Images:
        """The data set of a split: shuffled and augmented for "train" (unless ``augment=False``), else in order.

        Raises ``UserError`` where there is no such split, or its first sample cannot be made.
        """
        found = self.shelf.found(split)
        augmented = split == "train" if augment is None else augment
        shot = Shot(self.mode if augmented else self.test_mode, self.seed, augmented, self.flip)
        made = self.kind.build(found, shot, self.channels, self.album, self._skip)
        if isinstance(first := made[0], Failure):
            raise UserError(first.message)
        return made

    def fingerprint(self, split: str) -> str:
        """A short text that changes with the split's files and with all that its unaugmented tensors depend on."""
        how = (self.kind, self.test_mode, sorted(self.channels.items()), self._swapped, self.seed, self._skip)
        return fingerprint(self.layout.root, self.shelf.found(split), how)

    def fixed_samples(self, n: int, split: str = "val") -> Batch:
        """The same n samples each time (or fewer), evenly spread over the split, not augmented.

        Where their sizes differ, the middle that all have is shown. Without validation images the training images stand
        in.
        """
        images = self.images(split if self.split(split) else "train", augment=False)
        count = min(n, len(images))
        spread = [i * len(images) // count for i in range(count)] if count else []
        samples = [sample for i in spread if not isinstance(sample := images[i], Failure)]
        batch = collate(list(middles(samples)))
        assert not isinstance(batch, Failure)
        return batch

    # ------------------------------------------------------------------ loaders

    def train_dataloader(self) -> StreamLoader:
        """The training loader; sharded by rank, resumable."""
        world, rank = self._ranks()
        images = self.images("train")
        if self.batch_size * world > len(images):
            devices = f" on {world} devices" if world > 1 else ""
            raise UserError(
                f"data.batch_size={self.batch_size}{devices} is more than the {len(images)} training images: lower it"
            )
        fixed = bool(self.trainer and getattr(self.trainer, "overfit_batches", 0))
        parts = getattr(getattr(self.trainer, "lightning_module", None), "batch_parts", 1)
        sampler = StreamSampler(len(images), self.batch_size, world, rank, fixed=fixed, parts=parts)
        workers = self._workers(world)
        loader = StreamLoader(
            images, batch_size=self.batch_size, sampler=sampler, persistent_workers=workers > 0, **self._how(workers)
        )
        if self.trainer is not None:
            loader.progress = partial(_progress, self.trainer)
        return loader

    def val_dataloader(self) -> EvalLoader | list[EvalLoader]:
        """Validation images in order, not augmented; no loader where there are none."""
        return self._eval_loader("val") if self.split("val") else []

    def test_dataloader(self) -> EvalLoader:
        """Test images in order, not augmented."""
        return self._eval_loader("test")

    def predict_dataloader(self) -> EvalLoader:
        """The test images."""
        return self._eval_loader("test")

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint says about the data, in plain containers."""
        return {
            "name": self.name,
            "direction": self.direction,
            "channels": dict(self.channels),
            "view": self.view.config(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing is restored: the config of the run at hand says what the data is."""

    def _eval_loader(self, split: str) -> EvalLoader:
        world, rank = self._ranks()
        images = self.images(split, augment=False)
        sampler = StreamSampler(len(images), self.eval_batch_size, world, rank, fixed=True)
        in_memory = all(
            source.path in self.album.kept for domain in images.domains.values() for source in domain.sources
        )
        workers = 0 if in_memory else self._workers(world)
        return EvalLoader(images, batch_size=self.eval_batch_size, sampler=sampler, **self._how(workers))

    def _how(self, workers: int) -> dict[str, Any]:
        on_gpu = torch.cuda.is_available() and (
            self.trainer is None or isinstance(self.trainer.accelerator, CUDAAccelerator)
        )
        return {"num_workers": workers, "collate_fn": collate, "pin_memory": on_gpu}

    def _ranks(self) -> tuple[int, int]:
        return (self.trainer.world_size, self.trainer.global_rank) if self.trainer is not None else (1, 0)

    def _workers(self, world: int) -> int:
        if self.num_workers is not None:
            return self.num_workers
        nodes = self.trainer.num_nodes if self.trainer is not None else 1
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(0, min(4, cores // max(1, world // nodes) - 1))


def _progress(trainer: Any) -> tuple[int, int]:
    """(batches trained in this epoch, batches of an epoch), as Lightning counts them."""
    return trainer.fit_loop.epoch_loop.batch_progress.current.processed, trainer.num_training_batches
