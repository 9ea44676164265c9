"""Features averaged over every instance (Wang et al. 2018, pix2pixHD, sec. 3.4).

Reference: NVIDIA/pix2pixHD @ 14b3b3c7, ``Encoder``, which loops over ids, images and channels for the same numbers.
"""

import torch
from torch import Tensor

_TABLE = 1 << 20  # ids between the smallest and the largest, up to which a table of them is faster than sorting
_LANES = 4  # neighbours belong to one instance: a CPU would wait for each sum before it could add the next pixel


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
    whole = torch.stack(means) if len(means) > 1 else means[0]
    return whole.view_as(features).to(features.dtype)


def _mean(rows: Tensor, ids: Tensor) -> Tensor:
    """(C, pixels), (pixels) -> (C, pixels)."""
    places, count = _compact(ids)
    lanes = (places * _LANES).add_(torch.arange(len(ids), device=ids.device) & (_LANES - 1))
    pixels = torch.bincount(lanes, minlength=count * _LANES).view(count, _LANES).sum(1).clamp_(min=1)
    sums = rows.new_zeros(len(rows), count * _LANES).index_add(1, lanes, rows).view(len(rows), count, _LANES).sum(2)
    return (sums / pixels).gather(1, places.expand(len(rows), -1))


def _compact(ids: Tensor) -> tuple[Tensor, int]:
    """Ids as rows of a table, and its length: their distance from the smallest, or their rank where they lie far apart.

    The one look at the values that sizes the table is also what makes a GPU wait, once an image.
    """
    low, high = ids.aminmax()
    span = int(high - low) + 1
    if span <= _TABLE:
        return (ids - low).long(), span
    kinds, ranks = torch.unique(ids, return_inverse=True)
    return ranks, len(kinds)
