"""The growing generator and discriminator of ProGAN; StyleGAN's discriminator is the latter, with blur.

Karras et al. 2018 (appendix A.1). References: tkarras/progressive_growing_of_gans @ 2504c3f (``G_paper``, ``D_paper``),
NVlabs/stylegan @ 1e0d5c7 (``D_basic``). A size of 2^k pixels is level k; ``lod`` 0 is the full size, ``lod`` n is size
/ 2^n, its fraction the share of the next smaller size. Networks work at the size that ``lod`` needs, and no larger.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.equalized import EqualizedConv2d, EqualizedLinear, minibatch_deviation, pixel_norm
from gan_zoo.layers.resample import blur, conv, double, double_conv, halve, halve_conv


def levels(resolution: int) -> int:
    """log2 of a full size.

    Raises:
        UserError: it is no power of two from 4 on.
    """
    level = int(math.log2(max(resolution, 1)))
    if 2**level != resolution or level < 2:
        raise UserError(f"a growing network has a size of 4, 8, 16, …, not {resolution}: set model.resolution")
    return level


def width(stage: int, base: int = 8192, most: int = 512, decay: float = 1.0) -> int:
    """Channels of a stage; a block of level k has those of stage k - 1."""
    return min(int(base / 2.0 ** (stage * decay)), most)


def at(lod: float, top: int) -> tuple[int, float]:
    """The level of ``lod`` in networks up to level ``top``, and the share of the level below it."""
    whole = math.floor(lod)
    return top - whole, lod - whole


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU of slope 0.2."""
    return F.leaky_relu(x, 0.2)


def normed(x: Tensor, slope: float) -> Tensor:
    """Leaky ReLU, then pixel norm."""
    return pixel_norm(F.leaky_relu(x, slope))


def same(x: Tensor) -> Tensor:
    """As it is."""
    return x


class Pair(nn.ModuleList):
    """A block: a convolution, an activation, something between, a convolution, the activation, something behind."""

    def __init__(
        self,
        first: nn.Module,
        second: nn.Module,
        act: Callable[[Tensor], Tensor],
        between: Callable[[Tensor], Tensor] = same,
        behind: Callable[[Tensor], Tensor] = same,
    ) -> None:
        super().__init__((first, second))
        self.act, self.between, self.behind = act, between, behind

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W')."""
        return self.behind(self.act(self[1](self.between(self.act(self[0](x))))))


class Generator(nn.Module):
    """Latents to pictures; every activation is followed by pixel norm.

    Args:
        resolution: full size, a power of two.
        channels: of the pictures.
        latent_dim: numbers of a latent; None: as many as the first stage's channels.
        labels: number of classes, whose one-hot vectors are appended to the latents; 0 is none.
        base, most, decay: see ``width``.
        slope: of the activations; 0 is ReLU.
        fused: whether an official file's kernels work mirrored; the pictures of the same weights do not depend on it.
    """

    compiled_in_parts = True  # as a whole it would be compiled anew for each level of detail

    def __init__(
        self,
        resolution: int = 1024,
        channels: int = 3,
        latent_dim: int | None = None,
        labels: int = 0,
        base: int = 8192,
        most: int = 512,
        decay: float = 1.0,
        slope: float = 0.2,
        fused: bool = True,
    ) -> None:
        super().__init__()
        self.top, self.slope, self.fused = levels(resolution), slope, fused
        self.act = partial(normed, slope=slope)

        def nf(stage: int) -> int:
            return width(stage, base, most, decay)

        self.latent_dim = latent_dim or nf(0)
        self.dense = EqualizedLinear(self.latent_dim + labels, nf(1) * 16, gain=2**0.5 / 4, bias=False)
        self.dense_bias = nn.Parameter(torch.zeros(nf(1)))
        self.first = EqualizedConv2d(nf(1), nf(1))
        self.blocks = nn.ModuleList(
            Pair(
                EqualizedConv2d(nf(k - 2), nf(k - 1), how=double_conv),
                EqualizedConv2d(nf(k - 1), nf(k - 1)),
                self.act,
            )
            for k in range(3, self.top + 1)
        )
        rgb = (EqualizedConv2d(nf(k - 1), channels, 1, gain=1.0) for k in range(2, self.top + 1))
        self.to_rgb = nn.ModuleList(rgb)  # of level 2, 3, …

    def forward(self, z: Tensor, lod: float = 0.0, labels: Tensor | None = None) -> Tensor:
        """Latents (N, latent_dim) and one-hot labels (N, L) -> pictures (N, C, 2^k, 2^k), about [-1, 1]."""
        level, share = at(lod, self.top)
        code = pixel_norm(z if labels is None else torch.cat([z, labels], dim=1))
        x = self.dense(code).view(len(z), -1, 4, 4) + self.dense_bias[:, None, None]
        x = self.act(self.first(self.act(x)))
        before = x
        for block in list(self.blocks)[: level - 2]:
            before, x = x, block(x)
        return faded(self.to_rgb, level, share, x, before)


def faded(to_rgb: nn.ModuleList, level: int, share: float, x: Tensor, before: Tensor) -> Tensor:
    """The picture of a level's features, with a share of that of the level before, doubled."""
    picture: Tensor = to_rgb[level - 2](x)
    if share > 0:
        picture = torch.lerp(picture, double(to_rgb[level - 3](before)), share)
    return picture


class Discriminator(nn.Module):
    """Pictures to scores, and to logits of classes.

    Args:
        resolution, channels, base, most, decay: as the generator's.
        outputs: numbers of the last layer: 1, or more with labels.
        blurred: the features are blurred before they are halved (StyleGAN).
        mean_last: halved by means behind the activation, not in front of it (ProGAN's unfused form).
        group, features: samples of one group of the minibatch deviation, and channels that it adds.
        rgb_active, widen_first: of the common PyTorch port, for its weights: whether an activation follows the layers
            that read pictures, which of a block's two convolutions has more channels behind it.
    """

    compiled_in_parts = True  # as a whole it would be compiled anew for each level of detail

    def __init__(
        self,
        resolution: int = 1024,
        channels: int = 3,
        base: int = 8192,
        most: int = 512,
        decay: float = 1.0,
        outputs: int = 1,
        blurred: bool = False,
        mean_last: bool = False,
        group: int = 4,
        features: int = 1,
        rgb_active: bool = True,
        widen_first: bool = False,
    ) -> None:
        super().__init__()
        self.top, self.mean_last = levels(resolution), mean_last
        self.rgb_act: Callable[[Tensor], Tensor] = leaky if rgb_active else same
        self.group, self.features = group, features
        self.soften: Callable[[Tensor], Tensor] = blur if blurred else same

        def nf(stage: int) -> int:
            return width(stage, base, most, decay)

        self.from_rgb = nn.ModuleList(EqualizedConv2d(channels, nf(k - 1), 1) for k in range(2, self.top + 1))
        down = conv if mean_last else halve_conv
        blocks = []
        for k in range(3, self.top + 1):
            between = nf(k - 2 if widen_first else k - 1)
            pair = (EqualizedConv2d(nf(k - 1), between), EqualizedConv2d(between, nf(k - 2), how=down))
            blocks.append(Pair(*pair, leaky, self.soften, halve if mean_last else same))
        self.blocks = nn.ModuleList(blocks)
        self.last = EqualizedConv2d(nf(1) + features, nf(1))
        self.dense = EqualizedLinear(nf(1) * 16, nf(0))
        self.score = EqualizedLinear(nf(0), outputs, gain=1.0)

    def forward(self, image: Tensor, lod: float = 0.0) -> Tensor:
        """Pictures (N, C, 2^k, 2^k) of the size that ``lod`` needs -> (N, outputs).

        Raises:
            UserError: they have another size.
        """
        level, share = at(lod, self.top)
        if image.shape[-1] != 2**level or image.shape[-2] != 2**level:
            raise UserError(
                f"at level of detail {lod} pictures have {2**level} px, not {image.shape[-1]}x{image.shape[-2]}"
            )
        x = self.rgb_act(self.from_rgb[level - 2](image))
        for k in range(level, 2, -1):
            x = self.blocks[k - 3](x)
            if k == level and share > 0:
                x = torch.lerp(x, self.rgb_act(self.from_rgb[level - 3](halve(image))), share)
        x = leaky(self.last(minibatch_deviation(x, self.group, self.features)))
        out: Tensor = self.score(leaky(self.dense(x.flatten(1))))
        return out
