"""The references' preprocessing, exactly (junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2, data/base_dataset.py).

A *mode* is an object of two sizes, ``mode = ResizeAndCrop(load_size=286, crop_size=256)``; each one offers

- ``mode.draw(rng, (width, height)) -> Placement``: crop position and mirroring in the reference's order of draws x, y,
  flip (also as the function ``crop_params(rng, size, mode)``); ``rng`` is Python's ``random.Random(seed)``;
- ``mode(picture, Placement(x, y, flip), channels=3) -> Tensor``: C x H x W in [-1, 1]; channels=1 is gray (luma before
  resizing). ``picture`` is a PIL image, a uint8 array H x W x 3 (or H x W), or a float array H x W x C in [0, 1];
- ``mode.apply(picture, placement) -> Picture``: the same before the conversion to a tensor (the reference's
  ``convert=False``);
- ``mode.at_test_time()``: what the mode means at test time, and ``mode.check(size)``: whether the crop fits.

The reference's options in these words:

=====================  ============================================
``--preprocess``       here
=====================  ============================================
resize_and_crop        ``ResizeAndCrop(load_size, crop_size)``
crop                   ``Crop(load_size, crop_size)``
scale_width            ``ScaleWidth(load_size, crop_size)``
scale_width_and_crop   ``ScaleWidthAndCrop(load_size, crop_size)``
none                   ``KeepSize(load_size, crop_size)``
=====================  ============================================

``MODES`` holds the five under the reference's names, so that a case or an option file can be read:
``MODES["scale_width"](48, 32)(image, Placement(5, 9, flip=False))``.
Back to bytes: ``to_uint8_truncated`` (the reference's ``tensor2im``) and ``to_uint8`` (rounded, for our own pictures).
"""

import random
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from gan_zoo.data.images import Picture, boxed, mirrored, resampled, size, to_unit, with_channels
from gan_zoo.errors import UserError


class Placement(NamedTuple):
    """Where the crop lies (left upper corner, pixels of the resized image), and whether it is mirrored then."""

    x: int = 0
    y: int = 0
    flip: bool = False


CENTRE_FREE = Placement()


@dataclass(frozen=True)
class Mode:
    """Resize, then crop, then mirror. Subclasses say to what size, and whether to crop. Sizes in pixels."""

    load_size: int = 286
    crop_size: int = 256

    crops = True  # a class constant, not a field

    def __post_init__(self) -> None:
        for name, value in (("load_size", self.load_size), ("crop_size", self.crop_size)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UserError(f"data.{name}={value!r}: a side in pixels, 1 or more")

    def target(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) after resizing an image of these sides."""
        return width, height

    def crop_range(self, width: int, height: int) -> tuple[int, int]:
        """The sides that the crop position is drawn within (not always ``target``: see ``ScaleWidthAndCrop``)."""
        return width, height

    def draw(self, rng: random.Random, size: tuple[int, int]) -> Placement:
        """x, y, flip in the reference's order; x and y uniform in 0 .. side - crop_size, flip with probability 1/2."""
        width, height = self.crop_range(*size)
        x = rng.randint(0, max(0, width - self.crop_size))
        y = rng.randint(0, max(0, height - self.crop_size))
        return Placement(x, y, rng.random() > 0.5)

    def check(self, size: tuple[int, int]) -> None:
        """Raise ``UserError`` where an image of these sides (width, height) is smaller than the crop."""
        target = self.target(*size)
        if self.crops and min(target) < self.crop_size:
            resized = "" if target == size else f" ({target[0]}x{target[1]} after resizing)"
            raise UserError(
                f"{size[0]}x{size[1]}{resized} is smaller than the crop: lower data.crop_size={self.crop_size} "
                f"or raise data.load_size={self.load_size}"
            )

    def apply(
        self, picture: Picture, placement: Placement = CENTRE_FREE, how: Image.Resampling = Image.Resampling.BICUBIC
    ) -> Picture:
        """Resize, crop, mirror. An image that is in no side larger than the crop is left alone (reference's rule)."""
        picture = resampled(picture, *self.target(*size(picture)), how)
        width, height = size(picture)
        if self.crops and (width > self.crop_size or height > self.crop_size):
            picture = boxed(picture, placement.x, placement.y, self.crop_size, self.crop_size)
        return mirrored(picture) if placement.flip else picture

    def __call__(
        self, picture: Picture | npt.NDArray[Any], placement: Placement = CENTRE_FREE, channels: int = 3
    ) -> Tensor:
        """C x H x W in [-1, 1]; the conversion to ``channels`` comes first, as in the reference."""
        return to_tensor(self.apply(with_channels(as_picture(picture), channels), placement))

    def at_test_time(self) -> "Mode":
        """The mode for validation and test images, at ``Placement()``: the same one unless a subclass knows better."""
        return self


@dataclass(frozen=True)
class ResizeAndCrop(Mode):
    """Squeeze to load_size x load_size (the aspect ratio is not kept), crop. The reference's default.

    At test time the reference sets load_size = crop_size: a plain resize.
    """

    def target(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return self.load_size, self.load_size

    crop_range = target

    def at_test_time(self) -> Mode:  # noqa: D102
        return ResizeAndCrop(self.crop_size, self.crop_size)


@dataclass(frozen=True)
class Crop(Mode):
    """A crop of the image as it is. At test time: the whole image, sides rounded to multiples of 4."""

    def at_test_time(self) -> Mode:  # noqa: D102
        return KeepSize(self.load_size, self.crop_size)


@dataclass(frozen=True)
class ScaleWidth(Mode):
    """Width to load_size, the height in proportion (its integer part) but at least crop_size; no crop.

    An image of that width and at least that height is left as it is.
    """

    crops = False

    def target(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        if width == self.load_size and height >= self.crop_size:
            return width, height
        return self.load_size, int(max(self.load_size * height / width, self.crop_size))


@dataclass(frozen=True)
class ScaleWidthAndCrop(ScaleWidth):
    """``ScaleWidth``, then a crop, whose position is drawn within load_size x floor(load_size * h / w).

    At test time ``ScaleWidth``: the authors' recipe for large images.
    """

    crops = True

    def crop_range(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return self.load_size, self.load_size * height // width

    def at_test_time(self) -> Mode:  # noqa: D102
        return ScaleWidth(self.load_size, self.crop_size)


@dataclass(frozen=True)
class KeepSize(Mode):
    """The reference's ``none``: each side to the nearest multiple of 4 (half to even, as Python rounds), no crop."""

    crops = False

    def target(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return max(4, round(width / 4) * 4), max(4, round(height / 4) * 4)


MODES: dict[str, type[Mode]] = {
    "resize_and_crop": ResizeAndCrop,
    "crop": Crop,
    "scale_width": ScaleWidth,
    "scale_width_and_crop": ScaleWidthAndCrop,
    "none": KeepSize,
}


def crop_params(rng: random.Random, size: tuple[int, int], mode: Mode) -> Placement:
    """Crop position and mirroring for an image of ``size`` = (width, height): draws x, then y, then the flip number."""
    return mode.draw(rng, size)


def as_picture(picture: Picture | npt.NDArray[Any]) -> Picture:
    """A uint8 array H x W [x C] as a PIL image; PIL images and float arrays H x W x C in [0, 1] as they are."""
    if isinstance(picture, Image.Image):
        return picture
    if picture.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(picture[:, :, 0] if picture.shape[2:] == (1,) else picture))
    return np.asarray(picture if picture.ndim == 3 else picture[:, :, None], dtype=np.float32)


def to_tensor(picture: Picture) -> Tensor:
    """C x H x W in [-1, 1]: (x - 0.5) / 0.5 of the values in [0, 1], in float32 as torchvision computes it."""
    return torch.from_numpy(to_unit(picture)).sub_(0.5).div_(0.5)


def to_uint8_truncated(images: Tensor) -> npt.NDArray[np.uint8]:
    """The reference's ``tensor2im``: (x + 1) / 2 * 255 cut off, not rounded; first image of a batch, H x W x 3, gray
    repeated.

    ``images``: N C H W or C H W in [-1, 1]. Use it only to compare with the reference's pictures.
    """
    image = images.detach().cpu().float()
    array = (image[0] if image.ndim == 4 else image).numpy()
    if array.shape[0] == 1:
        array = np.tile(array, (3, 1, 1))
    return np.asarray((np.transpose(array, (1, 2, 0)) + 1) / 2.0 * 255.0).astype(np.uint8)


def to_uint8(images: Tensor) -> Tensor:
    """[-1, 1] to 0..255, rounded to nearest, values outside held to the range; any shape, the device is kept."""
    return ((images.detach().float().clamp(-1, 1) + 1) * 127.5).round_().to(torch.uint8)
