"""Read any picture as a channel image of a known value range, or say in one line why it cannot be read.

A picture in memory is a ``Picture``: an 8-bit PIL image where 8 bits are all there is (so that resampling is the
references', byte for byte), else a float32 array H x W x C in [0, 1] (16-bit and float sources keep their depth).
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from gan_zoo.errors import UserError

FloatArray = npt.NDArray[np.float32]
Picture = Image.Image | FloatArray

# What Pillow opens and people keep pictures in; .npy holds an array H x W [x C] (uint8, uint16, or float in [0, 1]).
_JPEG, _NETPBM = {".jpg", ".jpeg", ".jpe", ".jfif"}, {".ppm", ".pgm", ".pbm", ".pnm"}
_OTHERS = {".png", ".apng", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif", ".tga", ".jp2", ".j2k", ".avif", ".npy"}
SUFFIXES = frozenset(_JPEG | _NETPBM | _OTHERS)
_EIGHT_BIT = frozenset({"L", "RGB", "RGBA", "LA"})
_WIDE = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R 601-2, what Pillow's convert("L") uses


@dataclass(frozen=True)
class Header:
    """What a file says before its pixels are decoded: sides in pixels (upright), channels, bits per channel."""

    width: int
    height: int
    channels: int
    bits: int


def is_image(path: Path) -> bool:
    """Whether the name is that of a picture (by its ending, upper or lower case; hidden files are not)."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def read_header(path: Path) -> Header:
    """The header of one picture, without decoding it. Raises ``UserError`` naming the file if it has none."""
    try:
        if path.suffix.lower() == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            height, width, channels = _as_hwc(array, path).shape
            return _checked(Header(width, height, channels, 8 * min(array.dtype.itemsize, 4)), path)
        with Image.open(path) as image:
            width, height = image.size
            known = image.format != "PNG" or "exif" in image.info  # else Pillow decodes a PNG to look for it
            if known and image.getexif().get(0x0112, 1) >= 5:  # orientations 5 to 8 lie on their side
                width, height = height, width
            bands = {"P": 3, "1": 1}.get(image.mode, len(image.getbands()))
            wide = image.mode in _WIDE or _png_is_wide(path)
            return _checked(Header(width, height, bands, 32 if image.mode == "F" else 16 if wide else 8), path)
    except UserError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def read(path: str | Path) -> Picture:
    """Decode one picture, upright (EXIF orientation applied, which the references ignore), the first frame of several.

    8-bit sources come as PIL images of mode L, LA, RGB or RGBA (palette, bilevel, CMYK and others are converted);
    16-bit ones (gray, and colour PNG) as float32 H x W x C in [0, 1] = value / 65535; float ones must lie in [0, 1]
    already. Raises ``UserError`` naming the file if it is missing, empty, cut off, or no picture.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".npy":
            return _from_array(_as_hwc(np.load(path, allow_pickle=False), path), path)
        if _png_is_wide(path):
            return _read_wide_png(path)
        with Image.open(path) as image:
            image.load()
            return _from_pil(ImageOps.exif_transpose(image), path)
    except UserError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def size(picture: Picture) -> tuple[int, int]:
    """(width, height) in pixels."""
    if isinstance(picture, Image.Image):
        return picture.size
    return picture.shape[1], picture.shape[0]


def channels(picture: Picture) -> int:
    """The number of channels."""
    return len(picture.getbands()) if isinstance(picture, Image.Image) else picture.shape[2]


def strip(picture: Picture, number: int, count: int) -> Picture:
    """Vertical strip ``number`` of ``count``: of two, the left is columns 0 .. floor(w/2)-1, the right the rest."""
    if count == 1:
        return picture
    width, height = size(picture)
    left, right = width * number // count, width * (number + 1) // count
    if isinstance(picture, Image.Image):
        return picture.crop((left, 0, right, height))
    return picture[:, left:right]


def with_channels(picture: Picture, count: int) -> Picture:
    """The picture with ``count`` channels: 1 is Pillow's luma, 3 RGB (an alpha channel is dropped), 2 and 4 add alpha.

    Other counts must be what the file holds; raises ``UserError`` if they are not.
    """
    if isinstance(picture, Image.Image) and count in (1, 2, 3, 4):
        mode = ("L", "LA", "RGB", "RGBA")[count - 1]
        return picture if picture.mode == mode else picture.convert(mode)
    if isinstance(picture, Image.Image):
        raise UserError(
            f"the image has {channels(picture)} channels, not {count}: set data.channels to what the files hold"
        )
    if picture.shape[2] == count:
        return picture
    if count == 1 and picture.shape[2] in (3, 4):
        return np.asarray(picture[:, :, :3] @ _LUMA[:, None], dtype=np.float32)
    if count == 1 and picture.shape[2] == 2:
        return picture[:, :, :1]
    if count == 3 and picture.shape[2] in (1, 2):
        return np.repeat(picture[:, :, :1], 3, axis=2)
    if count == 3 and picture.shape[2] == 4:
        return picture[:, :, :3]
    raise UserError(f"the image has {picture.shape[2]} channels, not {count}: set data.channels to what the files hold")


def unreadable(path: Path, error: Exception) -> UserError:
    """The one line about a file that Pillow or NumPy could not read."""
    if not path.exists():
        return UserError(f"{path}: no such image")
    if path.is_file() and path.stat().st_size == 0:
        return UserError(f"{path}: the file is empty (0 bytes): remove or replace it")
    why = " ".join(str(error).replace(f"'{path}'", "it").split()) or type(error).__name__
    return UserError(f"{path}: not a readable image ({why}): remove or replace it")


def _checked(header: Header, path: Path) -> Header:
    if header.width < 1 or header.height < 1 or header.channels < 1:
        raise UserError(
            f"{path}: an image of {header.width}x{header.height} pixels holds nothing: remove or replace it"
        )
    return header


def _png_is_wide(path: Path) -> bool:
    """Whether a PNG holds 16 bits in more than one channel, which Pillow would cut to 8."""
    if path.suffix.lower() not in (".png", ".apng"):
        return False
    with path.open("rb") as file:
        head = file.read(26)
    if len(head) < 26 or head[:8] != b"\x89PNG\r\n\x1a\n":
        return False
    bits, kind = struct.unpack("BB", head[24:26])
    return bool(bits == 16 and kind != 0)


def _read_wide_png(path: Path) -> FloatArray:
    from torchvision.io import ImageReadMode, decode_image

    pixels = decode_image(str(path), mode=ImageReadMode.UNCHANGED).permute(1, 2, 0).numpy()
    return _from_wide(pixels, path)


def _from_wide(values: npt.NDArray[np.generic], path: Path) -> FloatArray:
    numbers = values.astype(np.float64)
    if numbers.size and (numbers.min() < 0 or numbers.max() > 65535):
        raise UserError(f"{path}: values outside 0..65535: store it as 16-bit, or as float in [0, 1]")
    return np.asarray(numbers / 65535.0, dtype=np.float32)


def _from_float(values: npt.NDArray[np.generic], path: Path) -> FloatArray:
    numbers = np.asarray(values, dtype=np.float32)
    if not np.isfinite(numbers).all() or numbers.min() < 0 or numbers.max() > 1:
        raise UserError(f"{path}: float values outside [0, 1]: rescale the file, or store it as 8- or 16-bit")
    return numbers


def _from_pil(image: Image.Image, path: Path) -> Picture:
    if image.mode in _WIDE:
        return _from_wide(np.asarray(image)[:, :, None], path)
    if image.mode == "F":
        return _from_float(np.asarray(image)[:, :, None], path)
    if image.mode in _EIGHT_BIT:
        return image.copy()  # detached from the file, whose handle closes
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")


def _as_hwc(array: npt.NDArray[np.generic], path: Path) -> npt.NDArray[np.generic]:
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise UserError(f"{path}: an array of {array.ndim} dimensions: images are H x W or H x W x C")
    return array


def _from_array(array: npt.NDArray[np.generic], path: Path) -> Picture:
    if array.dtype == np.uint8 and array.shape[2] in (1, 3):
        return Image.fromarray(np.ascontiguousarray(array[:, :, 0] if array.shape[2] == 1 else array))
    if array.dtype == np.uint8:
        return np.asarray(array, dtype=np.float32) / np.float32(255)
    if array.dtype.kind == "f":
        return _from_float(array, path)
    if array.dtype.kind in "iu":
        return _from_wide(array, path)
    raise UserError(f"{path}: an array of {array.dtype}: images are uint8, uint16 or float in [0, 1]")


def resampled(picture: Picture, width: int, height: int, how: Image.Resampling = Image.Resampling.BICUBIC) -> Picture:
    """By Pillow (bicubic: antialiased); a picture that has this size already is returned unchanged.

    8-bit images are rounded to 8 bits, as in the references; float ones are not, and are held to [0, 1].
    """
    if size(picture) == (width, height):
        return picture
    if isinstance(picture, Image.Image):
        return picture.resize((width, height), how)
    bands = [np.ascontiguousarray(picture[:, :, band]) for band in range(picture.shape[2])]
    resized = [np.asarray(Image.fromarray(band).resize((width, height), how)) for band in bands]
    return np.asarray(np.clip(np.stack(resized, axis=2), 0, 1), dtype=np.float32)


def boxed(picture: Picture, x: int, y: int, width: int, height: int) -> Picture:
    """The rectangle at (x, y); what lies outside the picture is black (as Pillow does)."""
    if isinstance(picture, Image.Image):
        return picture.crop((x, y, x + width, y + height))
    inside = picture[y : y + height, x : x + width]
    out = np.zeros((height, width, picture.shape[2]), dtype=np.float32)
    out[: inside.shape[0], : inside.shape[1]] = inside
    return out


def mirrored(picture: Picture) -> Picture:
    """Left and right exchanged."""
    if isinstance(picture, Image.Image):
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.ascontiguousarray(picture[:, ::-1])


def to_unit(picture: Picture) -> FloatArray:
    """Channels first, float32 in [0, 1]: C x H x W (bytes are divided by 255 in float32, as torchvision does)."""
    if isinstance(picture, Image.Image):
        array = np.asarray(picture)
        array = array[:, :, None] if array.ndim == 2 else array
        return np.ascontiguousarray(array.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(picture.transpose(2, 0, 1))
