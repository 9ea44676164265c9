"""Several batches through one network."""

from torch import Tensor, cat, nn


def passes(network: nn.Module, *batches: Tensor, merged: bool = True) -> list[Tensor]:
    """``[network(batch) for batch in batches]``, in one pass where ``merged`` allows it and all shapes agree.

    The numbers are the same for a network that treats every image by itself (``layers.norm.merges_images`` is false).
    """
    if merged and len(batches) > 1 and all(batch.shape == batches[0].shape for batch in batches):
        return list(network(cat(batches)).chunk(len(batches)))
    return [network(batch) for batch in batches]
