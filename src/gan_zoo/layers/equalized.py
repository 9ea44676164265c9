"""Equalised learning rate: weights of unit variance, scaled whenever they are used (Karras et al. 2018, sec. 4.1).

References: tkarras/progressive_growing_of_gans @ 2504c3f, NVlabs/stylegan @ 1e0d5c7.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.layers.resample import conv

ACTIVATED = 2**0.5  # the gain of what an activation follows


class _Equalized(nn.Module):
    """The stored weight ~ N(0, 1 / rate), used times gain rate / sqrt(fan_in); the stored bias is used times rate."""

    def __init__(self, shape: tuple[int, ...], gain: float, rate: float, bias: int) -> None:
        super().__init__()
        fan_in = torch.Size(shape[1:]).numel()
        self.weight = nn.Parameter(torch.randn(shape) / rate)
        self.bias = nn.Parameter(torch.zeros(bias)) if bias else None
        self.gain, self.rate = gain * rate / fan_in**0.5, rate

    def used_bias(self) -> Tensor | None:
        """The bias as it is added, if there is one."""
        return None if self.bias is None else self.bias * self.rate


class EqualizedConv2d(_Equalized):
    """A convolution that keeps the size, or what ``how`` makes of (x, weight); its bias comes last.

    Args:
        in_channels, channels, kernel_size: as usual; stride 1, zeros around the picture.
        gain: sqrt(2) where an activation follows, 1 otherwise.
        bias: whether there is one.
        how: a function of ``layers.resample`` with weights.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int = 3,
        gain: float = ACTIVATED,
        bias: bool = True,
        how: Callable[[Tensor, Tensor], Tensor] = conv,
    ) -> None:
        super().__init__((channels, in_channels, kernel_size, kernel_size), gain, 1.0, channels if bias else 0)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W')."""
        out = self.how(x, self.weight * self.gain)
        return out if self.bias is None else out + self.bias[:, None, None]


class EqualizedLinear(_Equalized):
    """A linear layer.

    Args:
        in_features, features: as usual.
        gain: sqrt(2) where an activation follows, 1 otherwise.
        rate: multiplies its learning rate: 0.01 in StyleGAN's mapping network.
        bias: whether there is one.
    """

    def __init__(
        self, in_features: int, features: int, gain: float = ACTIVATED, rate: float = 1.0, bias: bool = True
    ) -> None:
        super().__init__((features, in_features), gain, rate, features if bias else 0)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in) -> (N, out)."""
        return F.linear(x, self.weight * self.gain, self.used_bias())


def pixel_norm(x: Tensor, eps: float = 1e-8) -> Tensor:
    """x over the root mean square of its channels: (N, C, …) -> the same shape (Karras et al. 2018, sec. 4.2)."""
    return x * (x.square().mean(dim=1, keepdim=True) + eps).rsqrt()


def minibatch_deviation(x: Tensor, group: int = 4, features: int = 1) -> Tensor:
    """x with further channels: how much the samples of a group differ (Karras et al. 2018, sec. 3).

    Sample i of N belongs to group i mod (N / G), G = min(``group``, N): (N, C, H, W) -> (N, C + features, H, W). A
    sample alone gets sqrt(1e-8).
    """
    count = min(group, len(x))
    grouped = x.view(count, -1, features, x.shape[1] // features, *x.shape[2:])
    deviation = (grouped.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(2, 3, 4))
    planes = deviation.repeat(count, 1)[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, planes], dim=1)
