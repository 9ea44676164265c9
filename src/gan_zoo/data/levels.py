"""Pictures at every size of growing networks, exactly as ProGAN's and StyleGAN's code prepares them.

References: tkarras/progressive_growing_of_gans @ 2504c3f and NVlabs/stylegan @ 1e0d5c7 (``TFRecordExporter``,
``process_reals``, ``convert_images_to_uint8``).
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gan_zoo.data.images import Picture

Pixels = npt.NDArray[np.uint8]


def at_side(picture: Picture, side: int) -> Pixels:
    """C x side x side of a square picture whose side is 2^n times that: means of 2x2 pixels, n times, then rounded.

    The means are not rounded on the way: sums of bytes are exact in float32.
    """
    array = np.asarray(picture, dtype=np.float32)
    array = array if isinstance(picture, Image.Image) else array * np.float32(255)
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    while array.shape[-1] > side:
        upper, lower = array[:, 0::2], array[:, 1::2]
        array = (upper[..., 0::2] + upper[..., 1::2] + lower[..., 0::2] + lower[..., 1::2]) * np.float32(0.25)
    return np.rint(array).clip(0, 255).astype(np.uint8)


def prepared(pixels: Tensor, mirrored: Sequence[bool], lod: float) -> Tensor:
    """Bytes (N, C, h, w) of the size of floor(lod) as float32 in [-1, 1], some mirrored, faded towards half the size.

    ``lod``: the level of detail, whose fraction is the share of the means over 2x2 pixels.
    """
    images = pixels.float().div_(127.5).sub_(1)
    images = torch.where(torch.tensor(list(mirrored))[:, None, None, None], images.flip(-1), images)
    fraction = lod - math.floor(lod)
    if not fraction:
        return images
    coarse = F.avg_pool2d(images, 2).repeat_interleave(2, dim=-2).repeat_interleave(2, dim=-1)
    return torch.lerp(images, coarse, fraction)


def to_bytes(images: Tensor) -> Tensor:
    """[-1, 1] to 0..255 as StyleGAN writes its pictures: 127.5 x + 128, cut off and held to the range."""
    return (images.detach() * 127.5 + 128).clamp(0, 255).to(torch.uint8)
