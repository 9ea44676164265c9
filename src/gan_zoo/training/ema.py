"""A second set of weights that follows the trained ones slowly."""

from copy import deepcopy

import torch
from torch import nn


def averaged(network: nn.Module) -> nn.Module:
    """A copy to average into: it takes no gradient and is in evaluation mode."""
    return deepcopy(network).requires_grad_(False).eval()


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """average <- decay average + (1 - decay) network, parameter by parameter; buffers are copied."""
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
    for kept, current in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(current)
