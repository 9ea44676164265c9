"""One LightningDataModule for every kind of images: it finds the data, checks it, and hands out loaders that can be
resumed."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.accelerators import CUDAAccelerator
from lightning_utilities.core.rank_zero import rank_zero_warn

from gan_zoo.data import registry
from gan_zoo.data.datasets import Album, Images, Kind, Problems, Shot
from gan_zoo.data.folders import Layout, Source, Split, existing, read_headers
from gan_zoo.data.images import Header, read
from gan_zoo.data.loader import Batch, EvalLoader, Failure, StreamLoader, collate
from gan_zoo.data.sampler import StreamSampler
from gan_zoo.data.transforms import Mode, ResizeAndCrop
from gan_zoo.data.views import View
from gan_zoo.errors import UserError, nearest

DIRECTIONS = {"ab": False, "AtoB": False, "ba": True, "BtoA": True}  # whether the two sides change places
T = TypeVar("T")
MANY = 20_000  # more files than this are not opened one by one at the start


def raise_first(problems: list[str]) -> None:
    """``on_error=raise``: the first problem ends the run."""
    more = f"and {len(problems) - 1} more such images; " if len(problems) > 1 else ""
    raise UserError(f"{problems[0]} ({more}data.on_error=skip leaves such images out)")


def warn_all(problems: list[str]) -> None:
    """``on_error=skip``: say which images are left out, and go on."""
    shown = "; ".join(problems[:5]) + ("; …" if len(problems) > 5 else "")
    rank_zero_warn(f"{len(problems)} left out: {shown}")


ON_ERROR: dict[str, Callable[[list[str]], None]] = {"raise": raise_first, "skip": warn_all}


class ImageDataModule(LightningDataModule):
    """Batches {"a": N C H W, "b": N C H W} in [-1, 1], drawn as pure functions of (seed, position in the stream).

    ``name``: a data set of the registry, or any name for one of your own; ``root``: its folder (None: where the
    registry says). ``dataset``: the kind, ``Paired()``, ``Unpaired()``, ``Colorize()`` or ``Repair()`` (None: the
    registry's for that name). ``direction``: "ab" or "ba" (also "AtoB", "BtoA"); "ba" exchanges the two sides before
    anything else. ``channels``: of ``a`` and ``b`` after that; 1 is gray. ``preprocess``: a class of
    ``gan_zoo.data.transforms``, called with (load_size, crop_size), in pixels; ``test_preprocess``: the same for
    validation and test (None: what the former means then). ``batch_size``: per device. ``num_workers``: None is min(4,
    cores per device - 1). ``on_error``: "raise" or "skip". ``max_samples``: only the first so many of each side.
    ``cache_mb``: decoded images are kept in memory if they fit.

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
    ) -> None:
        super().__init__()
        self.name: str = name
        self.root = root
        self.kind = dataset if dataset is not None else registry.entry(name).dataset
        self.direction = direction
        self._swapped = _chosen(DIRECTIONS, direction, "data.direction")
        self._complain = _chosen(ON_ERROR, on_error, "data.on_error")
        self._skip = self._complain is warn_all
        if self._swapped and not self.kind.swaps:
            raise UserError(f"data.direction={direction}: this kind of data has one direction only, ab")
        self.channels = {
            side: _positive(f"data.channels.{side}", n) for side, n in dict(channels or self.kind.channels).items()
        }
        if set(self.channels) != {"a", "b"}:
            raise UserError(f"data.channels={self.channels}: say the channels of a and b, as in {{a: 3, b: 3}}")
        self.mode = preprocess(load_size, crop_size)
        self.test_mode = test_preprocess(load_size, crop_size) if test_preprocess else self.mode.at_test_time()
        self.batch_size = _positive("data.batch_size", batch_size)
        self.eval_batch_size = _positive("data.eval_batch_size", eval_batch_size)
        self.num_workers = None if num_workers is None else _not_negative("data.num_workers", num_workers)
        self.seed, self.flip = _not_negative("data.seed", seed), bool(flip)
        self.max_samples = None if max_samples is None else _positive("data.max_samples", max_samples)
        self.cache_bytes = int(cache_mb * 2**20)
        self.album = Album()
        self._layout: Layout | None = None
        self._splits: dict[str, Split | None] = {}
        self._headers: dict[Path, Header | UserError] = {}

    # ------------------------------------------------------------------ finding and checking

    def setup(self, stage: str | None = None) -> None:
        """Detect the layout and check the splits that the stage needs (None: all of them)."""
        needed = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",), "predict": ("test",)}
        for split in needed.get(stage or "", ("train", "val", "test")):
            self.split(split)

    @property
    def layout(self) -> Layout:
        """What lies in the data set's folder. Raises ``UserError``."""
        if self._layout is None:
            layout = self.kind.layout(existing(registry.locate(self.name, self.root)))
            if layout.problems:
                self._complain(list(layout.problems))
            self._layout = layout
        return self._layout

    def split(self, name: str) -> Split | None:
        """The pictures of a split, checked, sides exchanged for direction ba; None where there is no such split."""
        if name not in self._splits:
            found = self.layout.split(name)
            same = next((split for other, split in self._splits.items() if self.layout.split(other) is found), None)
            self._splits[name] = same if found and same else self._checked(found, name) if found else None
        return self._splits[name]

    def _found(self, name: str) -> Split:
        found = self.split(name)
        if found is None:
            expected = f"expected folders such as {name}/ or {name}A/ {name}B/"
            raise UserError(f"{self.layout.root}: no {name} images in it; {expected}")
        return found

    def _checked(self, split: Split, name: str) -> Split:
        split = split.first(self.max_samples)
        split = Split(split.b, split.a) if self._swapped else split
        paths = list(dict.fromkeys(source.path for source in (*split.a, *split.b)))
        self._headers |= read_headers(paths[:MANY])
        mode = self.mode if name == "train" else self.test_mode
        split = self._without(split, self.kind.problems(split, self._headers, mode))
        if broken := self._keep(paths):
            headers = {**self._headers, **broken}
            split = self._without(split, self.kind.problems(split, headers, mode))
        return split

    def _without(self, split: Split, problems: Problems) -> Split:
        if messages := problems.messages():
            self._complain(messages)
        left = problems.without(split, together=self.kind.paired)
        if not left.a or bool(left.b) != bool(split.b):
            raise UserError(f"{self.layout.root}: no usable image is left: {messages[0]}")
        return left

    def _keep(self, paths: list[Path]) -> dict[Path, UserError]:
        """Decode the files into memory if they fit, four at a time. Returns those that cannot be decoded."""
        headers = {path: header for path in paths if isinstance(header := self._headers.get(path), Header)}
        taken = sum(_bytes(self._headers.get(path)) for path in self.album.kept)
        if len(paths) > MANY or taken + sum(map(_bytes, headers.values())) > self.cache_bytes:
            return {}
        broken: dict[Path, UserError] = {}

        def one(path: Path) -> None:
            try:
                self.album.kept[path] = read(path)
            except UserError as error:
                broken[path] = error

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, (path for path in headers if path not in self.album.kept)))
        return {path: broken[path] for path in headers if path in broken}

    # ------------------------------------------------------------------ what others ask

    @property
    def train_size(self) -> int:
        """Images of the larger domain of the training split: an epoch."""
        train = self._found("train")
        return max(len(train.a), len(train.b))

    @property
    def view(self) -> View:
        """How tensors become pictures and back."""
        checked = next((split for split in self._splits.values() if split), None)  # any will do: do not read another
        seen = checked or self.split("train") or self.split("test") or Split(())
        bits = {"a": self._bits(seen.a), "b": self._bits(seen.b)}
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
        return f"{self.name}: {self.layout.words} in {self.layout.root}: {', '.join(parts)}; {self._sizes()}; {way}"

    def images(self, split: str, *, augment: bool | None = None) -> Images:
        """The data set of a split: shuffled and augmented for "train" (unless ``augment=False``), else in order.

        Raises ``UserError`` where there is no such split, or its first sample cannot be made.
        """
        found = self._found(split)
        augmented = split == "train" if augment is None else augment
        shot = Shot(self.mode if augmented else self.test_mode, self.seed, augmented, self.flip)
        made = self.kind.build(found, shot, self.channels, self.album, self._skip)
        if isinstance(first := made[0], Failure):
            raise UserError(first.message)
        return made

    def fixed_samples(self, n: int, split: str = "val") -> Batch:
        """The same n samples each time (or fewer, all of one size), evenly spread over the split, not augmented.

        Without validation images the training images stand in.
        """
        images = self.images(split if self.split(split) else "train", augment=False)
        count = min(n, len(images))
        spread = [i * len(images) // count for i in range(count)] if count else []
        samples = [sample for i in spread if not isinstance(sample := images[i], Failure)]
        shapes = {name: tensor.shape for name, tensor in samples[0].items()} if samples else {}
        alike = [sample for sample in samples if {name: tensor.shape for name, tensor in sample.items()} == shapes]
        batch = collate(list(alike))
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
        sampler = StreamSampler(len(images), self.batch_size, world, rank, fixed=fixed)
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

    def _bits(self, sources: tuple[Source, ...]) -> int:
        headers = [header for source in sources if isinstance(header := self._headers.get(source.path), Header)]
        return 16 if headers and all(header.bits > 8 for header in headers) else 8

    def _sizes(self) -> str:
        sizes = {(header.width, header.height) for header in self._headers.values() if isinstance(header, Header)}
        first, last = (f"{w}x{h}" for w, h in (min(sizes), max(sizes)))
        return f"files of {first} px" if first == last else f"files of {first} to {last} px"


def _progress(trainer: Any) -> tuple[int, int]:
    """(batches trained in this epoch, batches of an epoch), as Lightning counts them."""
    return trainer.fit_loop.epoch_loop.batch_progress.current.processed, trainer.num_training_batches


def _bytes(header: Header | UserError | None) -> int:
    """Memory that the decoded file takes."""
    if not isinstance(header, Header):
        return 0
    return header.width * header.height * header.channels * (1 if header.bits == 8 else 4)


def _chosen(table: Mapping[str, T], key: str, where: str) -> T:
    if key not in table:
        raise UserError(f"{where}={key!r} is not known{nearest(str(key), table)}")
    return table[key]


def _not_negative(where: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserError(f"{where}={value!r}: a whole number, 0 or more")
    return value


def _positive(where: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"{where}={value!r}: a whole number, 1 or more")
    return value
