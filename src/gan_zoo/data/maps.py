"""Label and instance maps: files that hold one whole number a pixel, read as that number, whatever their depth.

8-bit gray, 16-bit (never as signed numbers: Cityscapes' instances of label 33 are 33000 and more), 32-bit TIFF and
integer ``.npy`` arrays. In memory a map is a PIL image of mode L or I, which nearest-neighbour resizing leaves exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from gan_zoo.data.images import unreadable
from gan_zoo.errors import UserError

Numbers = npt.NDArray[np.integer[Any]]
_LARGEST = 2**31 - 1
_GRAY = frozenset({"L", "I", "I;16", "I;16B", "I;16L", "I;16N"})
_LOSSY = frozenset({"JPEG", "MPO", "JPEG2000"})


@dataclass(frozen=True)
class ReadMap:
    """Reads a map: ``ReadMap(labels=35)(path)``, a PIL image of mode L or I.

    ``labels``: the number of classes, ids 0 .. labels - 1 (None: any id from 0 on); ``void``: the id of pixels without
    a label, which become the last class, labels - 1, which no other id may have then; ``palette``: what counts in
    palette images, a key of ``PALETTES`` (None: they are refused unless both are the same).

    Raises ``UserError`` naming the file and the id.
    """

    labels: int | None = None
    void: int | None = None
    palette: str | None = None

    def __call__(self, path: Path) -> Image.Image:  # noqa: D102
        image = integers(path, self.palette)
        low, high = cast(tuple[float, float], image.getextrema())  # of a single band
        if low < 0:
            raise UserError(f"{path}: the id {low:.0f}, and ids are 0 or more (up to {_LARGEST})")
        if self.labels is None or (self.void is None and high < self.labels):
            return image
        return as_image(self._within(np.asarray(image), self.labels, path))

    def _within(self, ids: Numbers, labels: int, path: Path) -> Numbers:
        """The ids with void ones as the last class, which then belongs to them alone."""
        last = labels - 1
        void = np.zeros_like(ids, dtype=bool) if self.void is None else ids == self.void
        limit = labels if self.void is None else last
        outside = np.unique(ids[(ids >= limit) & ~void]).tolist()
        if outside:
            others = f" (and {len(outside) - 1} more ids)" if len(outside) > 1 else ""
            kept = "" if self.void is None else f", the last class being that of data.void={self.void}"
            room = f"data.labels={outside[-1] + (1 if self.void is None else 2)}"
            if self.void is None and len(outside) == 1:
                room += f", or data.void={outside[0]} and one class more for it, if it means no label"
            raise UserError(f"{path}: label {outside[0]}{others} is outside 0..{limit - 1}{kept}: {room}")
        return np.where(void, last, ids).astype(np.int32)


def integers(path: str | Path, palette: str | None = None) -> Image.Image:
    """The numbers of a file as an image of mode L or I, upright. Raises ``UserError`` naming the file."""
    path = Path(path)
    try:
        if path.suffix.lower() == ".npy":
            return as_image(_whole(np.load(path, allow_pickle=False), path))
        with Image.open(path) as image:
            image.load()
            if image.format in _LOSSY:
                raise UserError(f"{path}: a {image.format}, whose compression changes ids: store maps as PNG")
            return _numbers(ImageOps.exif_transpose(image), path, palette)
    except UserError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def as_image(ids: Numbers) -> Image.Image:
    """An array H x W as an image: mode L for bytes, else I."""
    return Image.fromarray(np.ascontiguousarray(ids if ids.dtype == np.uint8 else ids.astype(np.int32)))


def _numbers(image: Image.Image, path: Path, palette: str | None) -> Image.Image:
    if image.mode == "L":
        return image.copy()  # detached from the file, whose handle closes
    if image.mode in _GRAY:
        return as_image(np.asarray(image))
    if image.mode == "1":
        return as_image(np.asarray(image).astype(np.uint8))
    if image.mode == "P":
        return as_image(_of_palette(image, path, palette))
    raise UserError(
        f"{path}: a picture in colours or with transparency (mode {image.mode}), not a map of ids: store one number a "
        "pixel (8-, 16- or 32-bit gray), or train on the colours as pairs of pictures (data=paired)"
    )


def _of_palette(image: Image.Image, path: Path, palette: str | None) -> Numbers:
    index: npt.NDArray[np.uint8] = np.asarray(image)
    colours = np.zeros((256, 3), dtype=np.uint8)
    stored = np.array(image.convert("P").getpalette("RGB") or [], dtype=np.uint8).reshape(-1, 3)
    colours[: len(stored)] = stored
    used = np.unique(index)
    if palette is not None:
        return PALETTES[palette](index, colours, path)
    if not (colours[used] == used[:, None]).all():
        raise UserError(
            f"{path}: a palette image, where index and colour may differ: data.palette=index takes the index as id "
            "(as VOC and ADE20K mean it), data.palette=gray the gray value of its colour"
        )
    return index


def _by_index(index: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8], path: Path) -> Numbers:
    return index


def _by_gray(index: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8], path: Path) -> Numbers:
    used = colours[np.unique(index)]
    if not (used == used[:, :1]).all():
        raise UserError(f"{path}: its palette has colours that are not gray: data.palette=index")
    return np.asarray(colours[:, 0][index])


PALETTES: dict[str, Callable[[npt.NDArray[np.uint8], npt.NDArray[np.uint8], Path], Numbers]] = {
    "index": _by_index,
    "gray": _by_gray,
}


def _whole(array: npt.NDArray[Any], path: Path) -> Numbers:
    array = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise UserError(f"{path}: an array {array.dtype} of {array.ndim} dimensions: maps are whole numbers, H x W")
    if array.size and int(array.max()) > _LARGEST:
        raise UserError(f"{path}: the id {int(array.max())}, and ids go up to {_LARGEST}")
    return array
