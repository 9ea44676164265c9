"""Auto-encoders and discriminators of MUNIT, UNIT and SA-MUNIT (Huang et al. 2018; Liu et al. 2017; Kang and Lee 2020).

References: NVlabs/MUNIT @ a82e222b (``networks.py``), itsss/img2img_sa @ 16e3b825. Every convolution has a bias, also
in front of a norm that removes it: checkpoints have these keys.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.adain import AdaIN, SampleNorm
from gan_zoo.layers.attention import Attention, attend, places
from gan_zoo.layers.blocks import ConvBlock
from gan_zoo.layers.norm import NormFactory, instance_norm, no_norm

Activation = Callable[[], nn.Module]
Pad = Callable[[int], nn.Module]

relu = partial(nn.ReLU, inplace=True)
leaky_relu = partial(nn.LeakyReLU, 0.2, inplace=True)


class ResidualBlocks(nn.Module):
    """``n_blocks`` times x + block(block(x)), 3x3, the second without activation, nothing after the sum."""

    def __init__(self, channels: int, n_blocks: int, norm: NormFactory, activation: Activation, pad: Pad) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleList(ConvBlock(channels, channels, 3, 1, 1, norm, act, pad) for act in (activation, nn.Identity))
            for _ in range(n_blocks)
        )

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        """(N, C, H, W) -> the same shape; ``style`` (N, 4 C n_blocks) is dealt out to the norms in their order."""
        count = 2 * len(self.blocks)
        styles: list[tuple[Tensor, ...]] = [()] * count if style is None else [(s,) for s in style.chunk(count, dim=1)]
        for i, pair in enumerate(self.blocks):
            inner = pair[0](x, *styles[2 * i])  # type: ignore[index]  # a list of two
            x = x + pair[1](inner, *styles[2 * i + 1])  # type: ignore[index]
        return x


class ContentEncoder(nn.Module):
    """7x7 convolution, ``n_downs`` halvings, residual blocks: a picture to the map of what is where.

    It is UNIT's whole encoder too. ``attention`` stands in front of halvings.
    """

    def __init__(
        self,
        in_channels: int = 3,
        ngf: int = 64,
        n_downs: int = 2,
        n_blocks: int = 4,
        activation: Activation = relu,
        pad: Pad = nn.ReflectionPad2d,
        attention: Attention = "none",
    ) -> None:
        super().__init__()
        attended = places(attention, "encoder", n_downs)
        layers: list[nn.Module] = [ConvBlock(in_channels, ngf, 7, 1, 3, instance_norm, activation, pad)]
        for i in range(n_downs):
            width = ngf * 2**i
            layers += attend(width, i in attended)
            layers.append(ConvBlock(width, 2 * width, 4, 2, 1, instance_norm, activation, pad))
        self.layers = nn.Sequential(*layers)
        self.blocks = ResidualBlocks(ngf * 2**n_downs, n_blocks, instance_norm, activation, pad)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in [-1, 1] -> (N, ngf 2^n_downs, H / 2^n_downs, W / 2^n_downs)."""
        out: Tensor = self.blocks(self.layers(x))
        return out


class StyleEncoder(nn.Module):
    """7x7 convolution, four halvings without norms, the mean over all pixels, a linear map: a picture's manner.

    Whatever the number of the content's halvings, there are four, the first two of which double the width.
    """

    def __init__(
        self,
        in_channels: int = 3,
        style_dim: int = 8,
        ngf: int = 64,
        activation: Activation = relu,
        pad: Pad = nn.ReflectionPad2d,
    ) -> None:
        super().__init__()
        widths = (ngf, 2 * ngf, 4 * ngf, 4 * ngf, 4 * ngf)
        layers = [ConvBlock(in_channels, ngf, 7, 1, 3, no_norm, activation, pad)]
        layers += [ConvBlock(before, width, 4, 2, 1, no_norm, activation, pad) for before, width in pairwise(widths)]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Conv2d(widths[-1], style_dim, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in [-1, 1] -> (N, style_dim).

        Raises:
            UserError: the picture is smaller than 16 px.
        """
        if min(x.shape[-2:]) < 16:  # four halvings leave no pixel
            raise UserError(f"a style is read from pictures of 16 px and more, not {x.shape[-1]}x{x.shape[-2]}")
        out: Tensor = self.layers(x).flatten(1)
        return out


class Decoder(nn.Module):
    """Residual blocks, ``n_ups`` doublings (nearest, 5x5), 7x7 convolution, tanh: a content map to a picture.

    ``norm`` is that of the residual blocks: ``AdaIN`` takes a style (MUNIT), ``instance_norm`` none (UNIT).
    ``attention`` stands in front of doublings.
    """

    def __init__(
        self,
        out_channels: int = 3,
        ngf: int = 64,
        n_ups: int = 2,
        n_blocks: int = 4,
        norm: NormFactory = AdaIN,
        activation: Activation = relu,
        pad: Pad = nn.ReflectionPad2d,
        attention: Attention = "none",
    ) -> None:
        super().__init__()
        attended = places(attention, "decoder", n_ups)
        self.blocks = ResidualBlocks(ngf * 2**n_ups, n_blocks, norm, activation, pad)
        layers: list[nn.Module] = []
        for i in range(n_ups):
            width = ngf * 2 ** (n_ups - i)
            layers += [*attend(width, i in attended), nn.Upsample(scale_factor=2)]
            layers.append(ConvBlock(width, width // 2, 5, 1, 2, SampleNorm, activation, pad))
        self.layers = nn.Sequential(*layers, ConvBlock(ngf, out_channels, 7, 1, 3, no_norm, nn.Tanh, pad))

    def forward(self, content: Tensor, style: Tensor | None = None) -> Tensor:
        """Content (N, C', h, w) and, for AdaIN, its numbers (N, 4 C' n_blocks) -> (N, C, H, W) in [-1, 1]."""
        out: Tensor = self.layers(self.blocks(content, style))
        return out


class StyleAutoEncoder(nn.Module):
    """MUNIT's auto-encoder of one domain: a picture is a content map and ``style_dim`` numbers.

    Args:
        channels: of the pictures.
        style_dim: numbers of a style, drawn from N(0, 1).
        ngf, mlp_dim: width of the first convolution, and of the map from styles to the decoder's statistics.
        n_downs, n_blocks: halvings, and residual blocks on either side.
        activation, pad: factories of all activations, and of all paddings.
        attention: see ``layers.attention.places``.
    """

    def __init__(
        self,
        channels: int = 3,
        style_dim: int = 8,
        ngf: int = 64,
        mlp_dim: int = 256,
        n_downs: int = 2,
        n_blocks: int = 4,
        activation: Activation = relu,
        pad: Pad = nn.ReflectionPad2d,
        attention: Attention = "none",
    ) -> None:
        super().__init__()
        self.stride, self.smallest, self.style_dim = 2**n_downs, 2 * 2**n_downs, style_dim
        self.style_encoder = StyleEncoder(channels, style_dim, ngf, activation, pad)
        self.content_encoder = ContentEncoder(channels, ngf, n_downs, n_blocks, activation, pad, attention)
        self.decoder = Decoder(channels, ngf, n_downs, n_blocks, AdaIN, activation, pad, attention)
        numbers = 4 * n_blocks * ngf * 2**n_downs
        self.mlp = nn.Sequential(
            *(nn.Linear(style_dim, mlp_dim), activation()),
            *(nn.Linear(mlp_dim, mlp_dim), activation()),
            nn.Linear(mlp_dim, numbers),
        )

    def decode(self, content: Tensor, style: Tensor) -> Tensor:
        """Content (N, C', h, w) and style (N, style_dim) -> a picture (N, C, H, W) in [-1, 1]."""
        out: Tensor = self.decoder(content, self.mlp(style))
        return out


class AutoEncoder(nn.Module):
    """UNIT's auto-encoder of one domain: the latent map's mean, to which its user adds noise.

    Arguments as ``StyleAutoEncoder``'s.
    """

    def __init__(
        self,
        channels: int = 3,
        ngf: int = 64,
        n_downs: int = 2,
        n_blocks: int = 4,
        activation: Activation = relu,
        pad: Pad = nn.ReflectionPad2d,
        attention: Attention = "none",
    ) -> None:
        super().__init__()
        self.stride, self.smallest = 2**n_downs, 2 * 2**n_downs
        self.encoder = ContentEncoder(channels, ngf, n_downs, n_blocks, activation, pad, attention)
        self.decoder = Decoder(channels, ngf, n_downs, n_blocks, instance_norm, activation, pad, attention)

    def share(self, other: "AutoEncoder", n_blocks: int) -> None:
        """Use another one's last ``n_blocks`` of the encoder and first of the decoder (Liu et al. 2017, sec. 3).

        Raises:
            UserError: there are not so many.
        """
        ours, theirs = self.encoder.blocks.blocks, other.encoder.blocks.blocks
        if not 0 <= n_blocks <= len(ours):
            raise UserError(f"model.shared_blocks={n_blocks}: there are {len(ours)} residual blocks on either side")
        for place in range(len(ours) - n_blocks, len(ours)):
            ours[place] = theirs[place]
        for place in range(n_blocks):
            self.decoder.blocks.blocks[place] = other.decoder.blocks.blocks[place]


class StridedPatch(nn.Module):
    """A discriminator of halvings, 4x4, and a 1x1 convolution: a map of logits.

    Args:
        in_channels: of the pictures.
        ndf: width of the first halving; it doubles with each.
        n_layers: halvings.
        norm: factory of the norm behind all but the first.
        activation, pad: factories of all activations, and of all paddings.
        conv: factory of all convolutions but the first and the last, for ``SpectralConv2d``.
        attention: in front of halvings, and of the last convolution.
    """

    def __init__(
        self,
        in_channels: int = 3,
        ndf: int = 64,
        n_layers: int = 4,
        norm: NormFactory = no_norm,
        activation: Activation = leaky_relu,
        pad: Pad = nn.ReflectionPad2d,
        conv: Callable[..., nn.Module] = nn.Conv2d,
        attention: Attention = "none",
    ) -> None:
        super().__init__()
        attended = places(attention, "discriminator", n_layers + 1)
        layers: list[nn.Module] = attend(in_channels, 0 in attended)
        layers.append(ConvBlock(in_channels, ndf, 4, 2, 1, no_norm, activation, pad))
        for i in range(1, n_layers):
            width = ndf * 2 ** (i - 1)
            layers += attend(width, i in attended)
            layers.append(ConvBlock(width, 2 * width, 4, 2, 1, norm, activation, pad, conv))
        width = ndf * 2 ** (n_layers - 1)
        self.layers = nn.Sequential(*layers, *attend(width, n_layers in attended), nn.Conv2d(width, 1, 1))
        self.smallest = 2**n_layers

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, 1, H / 2^n_layers, W / 2^n_layers).

        Raises:
            UserError: the picture is too small for the halvings.
        """
        if min(x.shape[-2:]) < self.smallest:
            raise UserError(
                f"this discriminator takes pictures from {self.smallest} px at its scale, not "
                f"{x.shape[-1]}x{x.shape[-2]}: set data.crop_size higher, or model.discriminator.n_scales lower"
            )
        out: Tensor = self.layers(x)
        return out
