"""Blocks shared by several networks."""

from collections.abc import Callable

from torch import Tensor, nn

from gan_zoo.layers.norm import NormFactory, no_norm, wants_bias


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))), 3x3, reflection padding, no activation after the sum (Johnson et al. 2016).

    ``dropout`` puts Dropout(0.5) between the two halves; ``bias`` None: the convolutions have one if the norm wants it.
    """

    def __init__(self, channels: int, norm: NormFactory, dropout: bool = False, bias: bool | None = None) -> None:
        super().__init__()
        bias = wants_bias(norm) if bias is None else bias
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


class ConvBlock(nn.Module):
    """Padding, convolution with bias, norm, activation: the unit of MUNIT's family.

    Args:
        in_channels, channels: before and after.
        kernel_size, stride, padding: of the convolution; ``pad`` is the layer that pads.
        norm: factory of the norm, which may take a style beside the picture (``AdaIN``).
        activation: factory of the activation.
        conv: factory of a convolution, called with (in_channels, channels, kernel_size, stride).
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        norm: NormFactory = no_norm,
        activation: Callable[[], nn.Module] = nn.ReLU,
        pad: Callable[[int], nn.Module] = nn.ReflectionPad2d,
        conv: Callable[..., nn.Module] = nn.Conv2d,
    ) -> None:
        super().__init__()
        self.pad, self.conv = pad(padding), conv(in_channels, channels, kernel_size, stride)
        self.norm, self.activation = norm(channels), activation()

    def forward(self, x: Tensor, *style: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W'); ``style`` goes to the norm."""
        out: Tensor = self.activation(self.norm(self.conv(self.pad(x)), *style))
        return out


def halve(channels: int, norm: NormFactory, bias: bool) -> tuple[nn.Module, ...]:
    """Half the size, twice the channels: 3x3 convolution of stride 2, norm, ReLU."""
    conv = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=bias)
    return conv, norm(2 * channels), nn.ReLU(inplace=True)


def double(channels: int, norm: NormFactory, bias: bool) -> tuple[nn.Module, ...]:
    """Twice the size, half the channels: transposed 3x3 convolution of stride 2, norm, ReLU."""
    conv = nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1, bias=bias)
    return conv, norm(channels // 2), nn.ReLU(inplace=True)


def front(in_channels: int, channels: int, norm: NormFactory, bias: bool) -> tuple[nn.Module, ...]:
    """Mirrored 7x7 convolution at full size, norm, ReLU."""
    return nn.ReflectionPad2d(3), nn.Conv2d(in_channels, channels, 7, bias=bias), norm(channels), nn.ReLU(inplace=True)


def to_image(channels: int, out_channels: int) -> tuple[nn.Module, ...]:
    """Mirrored 7x7 convolution at full size, tanh."""
    return nn.ReflectionPad2d(3), nn.Conv2d(channels, out_channels, 7), nn.Tanh()
