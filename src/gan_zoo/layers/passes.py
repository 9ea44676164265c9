"""Several batches through one network."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, cat


def passes(network: Callable[[Tensor], Any], *batches: Tensor, merged: bool = True) -> list[Any]:
    """``[network(batch) for batch in batches]``, in one pass where ``merged`` allows it and all shapes agree.

    The numbers are the same for a network that treats every image by itself (``layers.norm.merges_images`` is false).
    What it gives may be a tensor (N, …), or lists of them, nested at will, such as the maps of several scales.
    """
    if merged and len(batches) > 1 and all(batch.shape == batches[0].shape for batch in batches):
        return _parts(network(cat(batches)), len(batches))
    return [network(batch) for batch in batches]


def _parts(output: Any, count: int) -> list[Any]:
    if isinstance(output, Tensor):
        return list(output.chunk(count))
    return [list(part) for part in zip(*(_parts(inner, count) for inner in output), strict=True)]
