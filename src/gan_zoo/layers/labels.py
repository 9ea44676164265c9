"""Label and instance maps as what networks see: one channel a class, the boundaries between instances.

Reference: NVIDIA/pix2pixHD @ 14b3b3c7, ``encode_input`` and ``get_edges``; Wang et al. 2018, sec. 3.3.
"""

import torch
from torch import Tensor

from gan_zoo.errors import UserError


def check_labels(label: Tensor, n_labels: int) -> None:
    """Look for ids outside [0, n_labels), where the map lies on the host: a GPU would have to be waited for.

    Raises:
        UserError: there is one.
    """
    if label.is_cuda or label.is_meta or not label.numel():
        return
    low, high = label.aminmax()
    if bool(low < 0) or bool(high >= n_labels):
        wrong = int(low) if bool(low < 0) else int(high)
        raise UserError(
            f"a label map holds the id {wrong}, and the model has classes 0 to {n_labels - 1}: "
            f"set model.labels (data.labels) to at least {int(high) + 1}, or map such ids to a class of the data"
        )


def one_hot(label: Tensor, n_labels: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Ids (N, 1, H, W) -> (N, n_labels, H, W), 1 in the channel of a pixel's id and 0 elsewhere.

    Raises:
        UserError: an id outside [0, n_labels), on the host.
    """
    check_labels(label, n_labels)
    n, _, height, width = label.shape
    channels = torch.zeros(n, n_labels, height, width, dtype=dtype, device=label.device)
    return channels.scatter_(1, label.long(), 1.0)


def boundaries(instance: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Ids (N, 1, H, W) -> (N, 1, H, W): 1 where the left, right, upper or lower neighbour has another id, else 0.

    Both pixels of a differing pair are marked: boundaries are two pixels wide. What lies beyond the picture and
    diagonal neighbours do not count.
    """
    edge = torch.zeros_like(instance, dtype=torch.bool)
    beside = instance[..., :, 1:] != instance[..., :, :-1]
    below = instance[..., 1:, :] != instance[..., :-1, :]
    edge[..., :, 1:] |= beside
    edge[..., :, :-1] |= beside
    edge[..., 1:, :] |= below
    edge[..., :-1, :] |= below
    return edge.to(dtype)
