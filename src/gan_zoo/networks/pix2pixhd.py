"""The coarse-to-fine generators of pix2pixHD and its feature encoder (Wang et al. 2018, sec. 3.2 and 3.4).

Reference: NVIDIA/pix2pixHD @ 14b3b3c7, ``GlobalGenerator``, ``LocalEnhancer``, ``Encoder``. Every convolution has a
bias, also in front of a norm; channels are not capped.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gan_zoo.errors import UserError
from gan_zoo.layers.blocks import ResidualBlock, double, front, halve, to_image
from gan_zoo.layers.norm import NormFactory, instance_norm


class Trunk(nn.Module):
    """7x7 convolution, ``n_downs`` halvings, ``n_blocks`` residual blocks, as many doublings: a generator's features.

    Args:
        in_channels: channels of the input.
        n_downs: halvings; the width doubles with each.
        n_blocks: residual blocks of width 2^n_downs ngf.
        ngf: width of the first convolution, and of the output.
        norm: factory of the norm behind every convolution.
        recompute: keep only what lies between stages and compute the rest again in the backward pass: less memory,
            a third more time.
    """

    def __init__(
        self, in_channels: int, n_downs: int, n_blocks: int, ngf: int, norm: NormFactory, recompute: bool = False
    ) -> None:
        super().__init__()
        self.recompute = recompute
        halvings = [layer for n in range(n_downs) for layer in halve(ngf * 2**n, norm, bias=True)]
        self.encoder = nn.Sequential(*front(in_channels, ngf, norm, bias=True), *halvings)
        widest = ngf * 2**n_downs
        self.blocks = nn.Sequential(*(ResidualBlock(widest, norm, bias=True) for _ in range(n_blocks)))
        doublings = [layer for n in range(n_downs, 0, -1) for layer in double(ngf * 2**n, norm, bias=True)]
        self.decoder = nn.Sequential(*doublings)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, ngf, H', W'): H and W rounded up to multiples of 2^n_downs."""
        keep = _recomputed if self.recompute and torch.is_grad_enabled() else _run
        for stage in (*_stages(self.encoder), *self.blocks, *_stages(self.decoder)):
            x = keep(stage, x)
        return x


class GlobalGenerator(nn.Module):
    """G1: a trunk, then a 7x7 convolution and tanh.

    Args:
        in_channels: channels of the conditioning input.
        out_channels: channels of the picture, in [-1, 1].
        n_downs, n_blocks, ngf, norm, recompute: see ``Trunk``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 3,
        n_downs: int = 4,
        n_blocks: int = 9,
        ngf: int = 64,
        norm: NormFactory = instance_norm,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.stride, self.smallest = 2**n_downs, 2 ** (n_downs + 1)
        self.trunk = Trunk(in_channels, n_downs, n_blocks, ngf, norm, recompute)
        self.to_image = nn.Sequential(*to_image(ngf, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, H, W) in [-1, 1].

        Raises:
            UserError: H or W is not a multiple of 2^n_downs, or the innermost map would be a single pixel.
        """
        check_size(x, self.stride, self.smallest, "generator")
        out: Tensor = self.to_image(self.trunk(x))
        return out

    def coarse(self) -> Iterator[nn.Parameter]:
        """What the first phase of a coarse-to-fine training leaves alone: here everything."""
        return self.parameters()


class LocalEnhancer(nn.Module):
    """G1 + G2 + …: a trunk at the smallest size, and around it ``n_enhancers`` that double the size, inner ones first.

    Args:
        in_channels, out_channels, n_downs, n_blocks, norm, recompute: see ``GlobalGenerator``.
        ngf: width of the outermost enhancer; the trunk's is ngf 2^n_enhancers.
        n_enhancers: how many; 1 in the paper.
        n_local_blocks: residual blocks of each enhancer.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 3,
        n_downs: int = 4,
        n_blocks: int = 9,
        ngf: int = 32,
        norm: NormFactory = instance_norm,
        recompute: bool = False,
        n_enhancers: int = 1,
        n_local_blocks: int = 3,
    ) -> None:
        super().__init__()
        self.stride, self.smallest = 2 ** (n_downs + n_enhancers), 2 ** (n_downs + n_enhancers + 1)
        self.trunk = Trunk(in_channels, n_downs, n_blocks, ngf * 2**n_enhancers, norm, recompute)
        widths = [ngf * 2**n for n in reversed(range(n_enhancers))]
        self.enhancers = nn.ModuleList(
            Enhancer(in_channels, None if width > ngf else out_channels, width, n_local_blocks, norm, recompute)
            for width in widths
        )
        self.halve = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, H, W) in [-1, 1]; each part sees the input averaged to its size.

        Raises:
            UserError: H or W is not a multiple of 2^(n_downs + n_enhancers), or too small.
        """
        check_size(x, self.stride, self.smallest, "generator")
        pyramid = [x]
        for _ in self.enhancers:
            pyramid.append(self.halve(pyramid[-1]))
        y: Tensor = self.trunk(pyramid.pop())
        for enhancer in self.enhancers:
            y = enhancer(pyramid.pop(), y)
        return y

    def coarse(self) -> Iterator[nn.Parameter]:
        """What the first phase of a coarse-to-fine training leaves alone: everything but the outermost enhancer."""
        for part in (self.trunk, *list(self.enhancers)[:-1]):
            yield from part.parameters()


class Enhancer(nn.Module):
    """``before`` halves the input; the coarser part's features are added; ``after`` refines and doubles the sum.

    Args:
        in_channels: channels of the conditioning input.
        out_channels: channels of the picture, where this enhancer is the outermost; None: it gives features.
        width: channels at full size.
        n_blocks: residual blocks, of 2 width channels.
        norm, recompute: see ``Trunk``.
    """

    def __init__(
        self, in_channels: int, out_channels: int | None, width: int, n_blocks: int, norm: NormFactory, recompute: bool
    ) -> None:
        super().__init__()
        self.recompute = recompute
        self.before = nn.Sequential(*front(in_channels, width, norm, bias=True), *halve(width, norm, bias=True))
        blocks = [ResidualBlock(2 * width, norm, bias=True) for _ in range(n_blocks)]
        image = to_image(width, out_channels) if out_channels else ()
        self.after = nn.Sequential(*blocks, *double(2 * width, norm, bias=True), *image)

    def forward(self, x: Tensor, coarser: Tensor) -> Tensor:
        """(N, in, H, W) and (N, 2 width, H/2, W/2) -> (N, width or out, H, W)."""
        keep = _recomputed if self.recompute and torch.is_grad_enabled() else _run
        for stage in _stages(self.before):
            x = keep(stage, x)
        y = x + coarser
        for stage in _stages(self.after):
            y = keep(stage, y)
        return y


class FeatureEncoder(nn.Module):
    """E: a generator without residual blocks that makes a feature map of a photo; averaged over instances elsewhere.

    Args:
        in_channels: channels of the photo.
        out_channels: features; 3 in the paper.
        n_downs: halvings.
        nef: width of the first convolution.
        norm, recompute: see ``Trunk``.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        n_downs: int = 4,
        nef: int = 16,
        norm: NormFactory = instance_norm,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.stride, self.smallest = 2**n_downs, 2 ** (n_downs + 1)
        self.trunk = Trunk(in_channels, n_downs, 0, nef, norm, recompute)
        self.to_features = nn.Sequential(*to_image(nef, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) in [-1, 1] -> (N, out, H, W) in [-1, 1].

        Raises:
            UserError: H or W is not a multiple of 2^n_downs, or too small.
        """
        check_size(x, self.stride, self.smallest, "encoder")
        out: Tensor = self.to_features(self.trunk(x))
        return out


def check_size(x: Tensor, stride: int, smallest: int, network: str) -> None:
    """Refuse a size that would not come back as it was.

    Raises:
        UserError: a side is not a multiple of ``stride``, or below ``smallest``.
    """
    height, width = x.shape[-2:]
    if height % stride or width % stride or min(height, width) < smallest:
        raise UserError(
            f"this {network} takes sides that are multiples of {stride}, from {smallest} px on, not {width}x{height}: "
            "let the data's resizing or cropping make such sizes"
        )


def _stages(layers: nn.Sequential) -> list[nn.Module]:
    """The layers in groups that end where the next one would begin with a convolution: what is kept lies between."""
    groups: list[list[nn.Module]] = []
    for layer in layers:
        padded = bool(groups) and isinstance(groups[-1][-1], nn.ReflectionPad2d)
        starts = isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.ReflectionPad2d | ResidualBlock)
        if not groups or (starts and not padded):
            groups.append([])
        groups[-1].append(layer)
    return [group[0] if len(group) == 1 else nn.Sequential(*group) for group in groups]


def _run(stage: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return stage(x)


def _recomputed(stage: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    out: Tensor = checkpoint(stage, x, use_reentrant=False, preserve_rng_state=False)  # nothing is drawn in a stage
    return out
