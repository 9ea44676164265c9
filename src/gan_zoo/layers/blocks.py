"""Blocks shared by several networks."""

from torch import Tensor, nn

from gan_zoo.layers.norm import NormFactory, wants_bias


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))), 3x3, reflection padding, no activation after the sum (Johnson et al. 2016).

    ``dropout`` puts Dropout(0.5) between the two halves.
    """

    def __init__(self, channels: int, norm: NormFactory, dropout: bool = False) -> None:
        super().__init__()
        bias = wants_bias(norm)
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape; sides of at least 2."""
        out: Tensor = x + self.body(x)
        return out
