"""Features averaged over every instance (Wang et al. 2018, pix2pixHD, sec. 3.4).

Reference: NVIDIA/pix2pixHD @ 14b3b3c7, ``Encoder``, which loops over ids, images and channels for the same numbers.
"""

import torch
from torch import Tensor

_TABLE = 1 << 20  # ids between the smallest and the largest, up to which a table of them is faster than sorting


def instance_mean(features: Tensor, instance: Tensor) -> Tensor:
    """Every pixel replaced by the mean of its instance: image by image, channel by channel, connected or not.

    Args:
        features: (N, C, H, W); gradients flow through the means.
        instance: ids (N, 1, H, W), integers of any size.

    Returns:
        (N, C, H, W). Sums are taken in float32 at least.
    """
    wide = features.to(torch.promote_types(features.dtype, torch.float32))
    means = [_mean(image.flatten(1), ids.flatten()) for image, ids in zip(wide, instance, strict=True)]
    return torch.stack(means).view_as(features).to(features.dtype)


def _mean(rows: Tensor, ids: Tensor) -> Tensor:
    """(C, pixels), (pixels) -> (C, pixels)."""
    places, count = _compact(ids)
    pixels = torch.bincount(places, minlength=count).clamp_(min=1)
    sums = rows.new_zeros(len(rows), count).index_add(1, places, rows)
    return (sums / pixels).index_select(1, places)


def _compact(ids: Tensor) -> tuple[Tensor, int]:
    """Ids as rows of a table, and its length: their distance from the smallest, or their rank where they lie far apart.

    The one look at the values that sizes the table is also what makes a GPU wait, once an image.
    """
    low, high = ids.aminmax()
    span = int(high - low) + 1
    if span <= _TABLE:
        return (ids - low).long(), span
    kinds, ranks = ids.unique(return_inverse=True)
    return ranks, len(kinds)
