"""Pictures of any size through networks that take multiples of their stride."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def any_size(network: Callable[[Tensor], Tensor], images: Tensor, generator: Any) -> Tensor:
    """``network(images)`` for images (N, C, H, W) of any size.

    The network keeps sizes that are multiples of ``generator.stride`` and at least ``generator.smallest``, such a
    multiple itself.

    The images grow at the right and the bottom, mirrored where they are large enough for a reflection, else by their
    repeated edge; the output is cropped to (N, C', H, W).
    """
    height, width = images.shape[-2:]
    right, bottom = (max(generator.smallest - side, -side % generator.stride) for side in (width, height))
    if right or bottom:
        mode = "reflect" if right < width and bottom < height else "replicate"
        images = F.pad(images, (0, right, 0, bottom), mode=mode)
    return network(images)[..., :height, :width]


def edge_padded(maps: Tensor, generator: Any) -> Tensor:
    """Maps (N, C, H, W) of any type, ids among them, grown to a size that ``generator`` keeps.

    The right and the bottom edge are repeated, so that no id appears that was not there.
    """
    height, width = maps.shape[-2:]
    rows, columns = (
        torch.arange(max(generator.smallest, side + -side % generator.stride), device=maps.device).clamp_(max=side - 1)
        for side in (height, width)
    )
    return maps[..., rows, :][..., columns]
