"""Layers whose weight is divided by its largest singular value (Miyato et al. 2018), two references' ways.

NVlabs/MUNIT @ a82e222b brings its own (``SpectralNorm``); znxlwm/UGATIT-pytorch @ b8c42518 takes PyTorch's classic
``torch.nn.utils.spectral_norm``. The latter here divides the layer's output in place of its weight, which is the same
and keeps no second copy of the weight for the backward pass: of a wide discriminator's most memory.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.layers.modes import full_precision


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


class Normed(nn.Module):
    """A power iteration in every training pass, none in evaluation; keys as in PyTorch's classic spectral norm."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.bias, self.weight_orig = bias, weight
        self.register_buffer("weight_u", _unit(torch.randn(len(weight))))
        self.register_buffer("weight_v", _unit(torch.randn(weight[0].numel())))
        self.weight_u: Tensor
        self.weight_v: Tensor

    def sigma(self) -> Tensor:
        """The largest singular value as far as it is known: () scalar; its vectors are constants to the gradient."""
        matrix = self.weight_orig.flatten(1)
        with full_precision(matrix.device):
            if self.training:
                with torch.no_grad():
                    v = F.normalize(matrix.T @ self.weight_u, dim=0, eps=1e-12)
                    self.weight_v.copy_(v)
                    self.weight_u.copy_(F.normalize(matrix @ v, dim=0, eps=1e-12))
            return torch.dot(self.weight_u.clone(), matrix @ self.weight_v.clone())


class NormedConv2d(Normed):
    """A convolution without padding."""

    def __init__(self, in_channels: int, channels: int, kernel_size: int, stride: int = 1, bias: bool = True) -> None:
        plain = nn.Conv2d(in_channels, channels, kernel_size, bias=bias)
        super().__init__(plain.weight, plain.bias)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', h, w)."""
        out = F.conv2d(x, self.weight_orig, stride=self.stride) / self.sigma()
        return out if self.bias is None else out + self.bias[:, None, None]


class NormedLinear(Normed):
    """A linear map without bias."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(nn.Linear(in_features, out_features, bias=False).weight, None)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in) -> (N, out)."""
        return F.linear(x, self.weight_orig) / self.sigma()


def _unit(vector: Tensor) -> Tensor:
    unit: Tensor = vector / (vector.norm() + 1e-12)
    return unit
