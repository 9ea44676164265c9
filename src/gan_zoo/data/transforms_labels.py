"""pix2pixHD's preprocessing, exactly (NVIDIA/pix2pixHD @ 14b3b3c7, data/base_dataset.py).

The modes have the names and calls of ``gan_zoo.data.transforms`` and differ in what they do:

=====================  ============================================================================================
``resize_or_crop``     here
=====================  ============================================================================================
scale_width            ``ScaleWidth(load_size)``: the height is int(load_size * h / w), whatever the crop size
resize_and_crop        ``ResizeAndCrop(load_size, crop_size)``
scale_width_and_crop   ``ScaleWidthAndCrop(load_size, crop_size)``
crop                   ``Crop(load_size, crop_size)``: a side shorter than the crop is padded with black (label 0)
none                   ``KeepSize(multiple=m)``: each side to the nearest multiple of m = 2^n_downsample_global, times
                       2^n_local_enhancers for the local enhancer (halves to even)
(not there)            ``ScaleWidthRounded(load_size, multiple=m)``: scale_width, the height to a multiple of m
=====================  ============================================================================================

``multiple``: what the sides of a training or test image must be multiples of, the generator's total stride; an image
whose sides would not be is named by ``check`` (the reference fails in its losses then).
"""

from dataclasses import dataclass

from gan_zoo.data import transforms
from gan_zoo.data.transforms import Mode
from gan_zoo.errors import UserError


@dataclass(frozen=True)
class Stepped(Mode):
    """A mode whose results have sides that are multiples of ``multiple``, pixels."""

    multiple: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.multiple, bool) or not isinstance(self.multiple, int) or self.multiple < 1:
            raise UserError(f"data.multiple={self.multiple!r}: the generator's stride in pixels, 1 or more")

    def result(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the tensors made of an image of these sides."""
        width, height = self.target(width, height)
        if self.crops and (width > self.crop_size or height > self.crop_size):
            return self.crop_size, self.crop_size
        return width, height

    def check(self, size: tuple[int, int]) -> None:
        """Raise ``UserError`` where the generator cannot reproduce the sides; a crop may be larger than the image."""
        width, height = self.result(*size)
        if min(width, height) < 1 or width % self.multiple or height % self.multiple:
            raise UserError(
                f"{size[0]}x{size[1]} becomes {width}x{height}, and this generator makes sides that are multiples of "
                f"{self.multiple}: change data.load_size={self.load_size} or data.crop_size={self.crop_size}, or "
                "data.preprocess._target_=gan_zoo.data.transforms_labels.ScaleWidthRounded"
            )

    def rounded(self, side: int) -> int:
        """The nearest multiple of ``multiple``, half to even as Python rounds, but at least one of them."""
        return max(1, round(side / self.multiple)) * self.multiple


@dataclass(frozen=True)
class ResizeAndCrop(Stepped, transforms.ResizeAndCrop):
    """Squeeze to load_size x load_size, crop. At test time a plain resize to crop_size, as for pix2pix."""

    def at_test_time(self) -> Mode:  # noqa: D102
        return ResizeAndCrop(self.crop_size, self.crop_size, self.multiple)


@dataclass(frozen=True)
class Crop(Stepped):
    """A crop of the image as it is. At test time the whole image, ``KeepSize``."""

    def at_test_time(self) -> Mode:  # noqa: D102
        return KeepSize(self.load_size, self.crop_size, self.multiple)


@dataclass(frozen=True)
class ScaleWidth(Stepped):
    """Width to load_size, the height in proportion (its integer part); no crop."""

    crops = False

    def target(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return self.load_size, height if width == self.load_size else int(self.load_size * height / width)


@dataclass(frozen=True)
class ScaleWidthAndCrop(ScaleWidth):
    """``ScaleWidth``, then a crop, whose position is drawn within load_size x floor(load_size * h / w).

    At test time ``ScaleWidthRounded``: whole images, which a generator of this stride can make.
    """

    crops = True

    def crop_range(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return self.load_size, self.load_size * height // width

    def at_test_time(self) -> Mode:  # noqa: D102
        return ScaleWidthRounded(self.load_size, self.crop_size, self.multiple)


@dataclass(frozen=True)
class ScaleWidthRounded(Stepped):
    """Width to load_size, the height in proportion, both to the nearest multiple; no crop. Not in the reference."""

    crops = False

    def target(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return self.rounded(self.load_size), self.rounded(int(self.load_size * height / width))


@dataclass(frozen=True)
class KeepSize(Stepped):
    """The reference's ``none``: each side to the nearest multiple, no crop."""

    crops = False

    def target(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return self.rounded(width), self.rounded(height)


MODES: dict[str, type[Stepped]] = {
    "scale_width": ScaleWidth,
    "resize_and_crop": ResizeAndCrop,
    "scale_width_and_crop": ScaleWidthAndCrop,
    "crop": Crop,
    "none": KeepSize,
}
