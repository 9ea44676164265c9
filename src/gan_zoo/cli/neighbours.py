"""Samples with the training pictures that are nearest to them: what is learned by heart shows beside its original."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

COMPARED = 64  # pixels of a side at most: distances of finer detail say more of noise than of pictures
CHUNK = 64  # training pictures compared at once
BESIDE = 3  # neighbours shown with a sample


class Near(NamedTuple):
    """A training picture: its distance (mean absolute difference, of 255), where it stands, whether it is mirrored."""

    distance: float
    position: int
    mirrored: bool


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--nearest``."""
    parser.add_argument(
        "--nearest", metavar="DIR", help=f"each seed beside the {BESIDE} nearest of the training pictures in DIR"
    )


def training_pictures(root: Path, side: int, gray: bool) -> Any:
    """A folder's pictures as the model is trained on them, (C, side, side) in [-1, 1], by position.

    Raises:
        UserError: there are none.
    """
    from gan_zoo.data.picture_module import PictureModule

    data = PictureModule("nearest", root, side, channels={"image": 1 if gray else 3}, cache_mb=0, num_workers=0)
    return data.images("train", augment=False)


def nearest(samples: "Tensor", training: Iterable["Tensor"], count: int = BESIDE) -> list[list[Near]]:
    """The ``count`` nearest of the training pictures and their mirror images to each sample, nearest first.

    Args:
        samples: (N, C, S, S) in [-1, 1].
        training: (C, S, S) each, in [-1, 1]; they are read one after another and not kept.
        count: of neighbours, fewer where there are fewer pictures. A picture counts once, in its nearer direction.
    """
    import torch

    wanted, found = _reduced(samples).flatten(1), [list[Near]() for _ in samples]
    for start, part in _chunks(training):
        reals = _reduced(torch.stack(part).to(wanted))
        ways = [torch.cdist(wanted, way.flatten(1), p=1) for way in (reals, reals.flip(-1))]
        distances = torch.stack(ways).mul(127.5 / wanted.shape[1])
        for row, kept in enumerate(found):
            best = distances[:, row].min(dim=0)
            news = zip(best.values.tolist(), best.indices.tolist(), strict=True)
            kept += [Near(distance, start + at, bool(way)) for at, (distance, way) in enumerate(news)]
            kept[:] = sorted(kept)[:count]
    return found


def _reduced(pictures: "Tensor") -> "Tensor":
    import torch.nn.functional as F

    factor = pictures.shape[-1] // COMPARED
    return (F.avg_pool2d(pictures, factor) if factor > 1 else pictures).float()


def _chunks(training: Iterable["Tensor"]) -> "Iterable[tuple[int, list[Tensor]]]":
    part: list[Tensor] = []
    for number, picture in enumerate(training):
        part.append(picture)
        if len(part) == CHUNK:
            yield number + 1 - CHUNK, part
            part = []
    if part:
        yield number + 1 - len(part), part


def rows(samples: Sequence[Any], root: Path) -> tuple[list[list[Any]], list[list[Near]]]:
    """Rows of Pillow images, a sample and its neighbours in each, and what the neighbours are.

    Raises:
        UserError: the folder has no pictures, or one that cannot be read.
    """
    import torch

    gray = samples[0].mode == "L"
    training = training_pictures(root, samples[0].width, gray)
    pictures = torch.stack([_tensor(sample) for sample in samples])
    found = nearest(pictures, (_image(training, at) for at in range(len(training))))
    return [
        [sample, *(_pillow(training, near, sample.mode) for near in near_ones)]
        for sample, near_ones in zip(samples, found, strict=True)
    ], found


def _image(training: Any, position: int) -> "Tensor":
    sample = training[position]
    if not isinstance(sample, dict):
        raise UserError(sample.message)
    picture: Tensor = sample["image"]
    return picture


def _tensor(picture: Any) -> "Tensor":
    import numpy as np
    import torch

    values = torch.from_numpy(np.array(picture, dtype=np.float32)) / 127.5 - 1
    return values.view(picture.height, picture.width, -1).permute(2, 0, 1)


def _pillow(training: Any, near: Near, mode: str) -> Any:
    from gan_zoo.data.views import Plain

    picture = _image(training, near.position)
    return Plain({}).write(picture, picture.flip(-1) if near.mirrored else picture, "image").convert(mode)
