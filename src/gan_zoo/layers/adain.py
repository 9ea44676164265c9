"""Norms of one sample whose scale and shift come from elsewhere, or from all of its channels.

Reference: NVlabs/MUNIT @ a82e222b, ``AdaptiveInstanceNorm2d`` and ``LayerNorm``.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class AdaIN(nn.Module):
    """Adaptive instance norm (Huang and Belongie 2017): each channel's own statistics give way to a style's.

    It has no parameters: a style of ``2 * channels`` numbers, shifts first, then scales, comes with every call.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x (N, C, H, W) and style (N, 2 C) -> (N, C, H, W)."""
        shift, scale = style.to(x.dtype).flatten().view(len(x), 2, -1).unbind(1)
        # All (sample, channel) pairs as the channels of one sample: one kernel normalises, scales and shifts.
        pairs = x.reshape(1, -1, *x.shape[2:])
        out = F.batch_norm(pairs, None, None, scale.flatten(), shift.flatten(), training=True, eps=self.eps)
        return out.view_as(x)


class SampleNorm(nn.Module):
    """Mean and deviation over all of a sample's channels and pixels, then a scale and a shift for each channel.

    MUNIT's "layer norm": the unbiased standard deviation, to which eps is added, divides. Scales start uniform in
    [0, 1), shifts at 0. A sample's result does not depend on its batch.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.rand(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        std, mean = torch.std_mean(x if x.dtype == torch.float64 else x.float(), dim=(1, 2, 3), keepdim=True)
        scale = self.gamma.view(1, -1, 1, 1) / (std + self.eps)
        return torch.addcmul(self.beta.view(1, -1, 1, 1) - mean * scale, x, scale)
