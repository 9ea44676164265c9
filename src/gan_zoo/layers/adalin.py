"""Norms between instance and layer norm: each channel learns how much of either (Kim et al. 2020, eq. 1 and 2).

Reference: znxlwm/UGATIT-pytorch @ b8c42518, ``adaILN`` and ``ILN``: both variances are unbiased.
"""

import torch
from torch import Tensor, nn


def instance_layer_norm(x: Tensor, rho: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """gamma (rho instance-normalised + (1 - rho) layer-normalised) + beta: (N, C, H, W) -> the same shape.

    ``rho`` (C,); ``gamma``, ``beta`` (C,) or (N, C). One pass over x gives both statistics, and one more the result:
    for each sample and channel it is a multiple of x and a shift.
    """
    count = x.shape[2] * x.shape[3]
    var, mean = torch.var_mean(x if x.dtype == torch.float64 else x.float(), dim=(2, 3))
    layer_mean = mean.mean(dim=1, keepdim=True)
    spread = ((count - 1) * var + count * (mean - layer_mean).square()).sum(dim=1, keepdim=True)
    instance = rho * (var + eps).rsqrt()
    layer = (1 - rho) * (spread / (count * x.shape[1] - 1) + eps).rsqrt()
    scale = gamma * (instance + layer)
    shift = beta - gamma * (instance * mean + layer * layer_mean)
    return torch.addcmul(shift[:, :, None, None], x, scale[:, :, None, None]).to(x.dtype)


class AdaLIN(nn.Module):
    """Adaptive: scale and shift (N, C) come with every call. rho starts at 0.9, nearly instance norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.rho = nn.Parameter(torch.full((1, channels, 1, 1), 0.9))

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        return instance_layer_norm(x, self.rho.flatten(), gamma, beta)


class LIN(nn.Module):
    """With a scale and a shift of its own. rho starts at 0: layer norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        shape = (1, channels, 1, 1)
        self.rho, self.gamma = nn.Parameter(torch.zeros(shape)), nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        return instance_layer_norm(x, self.rho.flatten(), self.gamma.flatten(), self.beta.flatten())


class Plain(nn.Module):
    """A norm with a scale and a shift of its own in the place of an adaptive one, whose it does not look at."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor, *_: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        out: Tensor = self.norm(x)
        return out


def clip_rho(network: nn.Module) -> None:
    """Hold every rho to [0, 1], as after each of the generators' steps."""
    for layer in network.modules():
        if isinstance(layer, AdaLIN | LIN):
            layer.rho.data.clamp_(0.0, 1.0)
