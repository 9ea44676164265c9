"""Convolutions whose weight is divided by its largest singular value (Miyato et al. 2018).

Reference: NVlabs/MUNIT @ a82e222b, ``SpectralNorm``.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SpectralConv2d(nn.Module):
    """A convolution of spectral norm 1, by one power iteration in every pass, also in evaluation mode.

    The vectors of the iteration are constants to the gradient. Initialisations leave the layer alone, as the
    reference's do: weight and bias keep PyTorch's own.
    """

    def __init__(self, in_channels: int, channels: int, kernel_size: int, stride: int = 1) -> None:
        super().__init__()
        plain = nn.Conv2d(in_channels, channels, kernel_size)
        self.bias, self.stride = plain.bias, stride
        # Parameters without a gradient, as in the reference, whose optimisers' states count them.
        self.weight_u = nn.Parameter(_unit(torch.randn(channels)), requires_grad=False)
        self.weight_v = nn.Parameter(_unit(torch.randn(plain.weight[0].numel())), requires_grad=False)
        self.weight_bar = plain.weight

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', h, w), no padding."""
        matrix = self.weight_bar.flatten(1)
        with torch.no_grad():
            v = _unit(matrix.T @ self.weight_u)
            u = _unit(matrix @ v)
            self.weight_u.copy_(u)
            self.weight_v.copy_(v)
        return F.conv2d(x, self.weight_bar / torch.dot(u, matrix @ v), self.bias, self.stride)


def _unit(vector: Tensor) -> Tensor:
    unit: Tensor = vector / (vector.norm() + 1e-12)
    return unit
