"""The style-based generator (Karras et al. 2019, sec. 2); its discriminator is ProGAN's, with blur.

Reference: NVlabs/stylegan @ 1e0d5c7 (``G_mapping``, ``G_synthesis``, ``G_style``). For levels and ``lod`` see
``networks/progan.py``. Layer i of a synthesis network reads style i and noise i.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.layers.equalized import EqualizedConv2d, EqualizedLinear, pixel_norm
from gan_zoo.layers.resample import blur, double_conv
from gan_zoo.networks.progan import at, faded, leaky, levels, width

# Layers with styles of like effect (sec. 3.1): 4 and 8 px; 16 and 32 px; from 64 px on.
COARSE, MIDDLE, FINE = slice(0, 4), slice(4, 8), slice(8, None)


class Mapping(nn.Module):
    """Latents to styles: pixel norm, then layers that each have a small learning rate and an activation.

    Args:
        latent_dim, style_dim, hidden: numbers of a latent, of a style, and between layers.
        layers: 8 in the paper; 0 gives the normalised latents.
        labels: classes, each with a learned vector beside the latent; 0 is none.
        rate: of the layers' learning rate.
    """

    def __init__(
        self,
        latent_dim: int = 512,
        style_dim: int = 512,
        hidden: int = 512,
        layers: int = 8,
        labels: int = 0,
        rate: float = 0.01,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.label_vectors = nn.Parameter(torch.randn(labels, latent_dim)) if labels else None
        first = latent_dim * (2 if labels else 1)
        sizes = [first, *[hidden] * (layers - 1), style_dim] if layers else [first]
        self.layers = nn.ModuleList(EqualizedLinear(a, b, rate=rate) for a, b in pairwise(sizes))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, latent_dim) and one-hot labels (N, L) -> (N, style_dim)."""
        if self.label_vectors is not None and labels is not None:
            z = torch.cat([z, labels.to(z) @ self.label_vectors], dim=1)
        w = pixel_norm(z)
        for layer in self.layers:
            w = leaky(layer(w))
        return w


class Epilogue(nn.Module):
    """Behind each convolution: noise, bias, activation, pixel or instance norm, style, each of which may be left out.

    Args:
        channels: of the features.
        style_dim: numbers of a style; 0 leaves styles out.
        noise: whether there is noise, one plane for all channels, times a weight for each.
        pixel, instance: which norms there are.
        eps: of instance norm.
        biased: whether it adds its bias; else who calls it has done so.
    """

    def __init__(
        self,
        channels: int,
        style_dim: int,
        noise: bool,
        pixel: bool,
        instance: bool,
        eps: float = 1e-8,
        biased: bool = True,
    ) -> None:
        super().__init__()
        self.noise_weight = nn.Parameter(torch.zeros(channels)) if noise else None
        self.bias = nn.Parameter(torch.zeros(channels))
        self.pixel, self.instance, self.eps, self.biased = pixel, instance, eps, biased
        self.style = EqualizedLinear(style_dim, 2 * channels, gain=1.0) if style_dim else None

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        """x (N, C, h, w), style (N, style_dim), noise (N or 1, 1, h, w) -> (N, C, h, w)."""
        if self.noise_weight is not None and noise is not None:
            x = x + noise * self.noise_weight[:, None, None]
        x = leaky(x + self.bias[:, None, None] if self.biased else x)
        if self.pixel:
            x = pixel_norm(x)
        if self.instance:
            x = F.instance_norm(x, eps=self.eps)
        if self.style is None:
            return x
        scale, shift = self.style(style)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, x, scale + 1)


class Synthesis(nn.Module):
    """Styles and noise to pictures.

    Args:
        resolution: full size, a power of two.
        channels: of the pictures.
        style_dim: numbers of a style.
        base, most, decay: see ``progan.width``.
        constant: features of 4x4 pixels that are learned; else a linear layer makes them of the first style.
        styles, noise, pixel, instance: see ``Epilogue``; the paper's configurations B to F switch them.
        eps, bias_before_blur, one_noise: of the common PyTorch port, for its weights: eps of instance norm, where the
            doubling layers add their bias, whether both layers of a size have the first one's noise.
        fused_from: size from which an official file's kernels work mirrored; the pictures do not depend on it.
    """

    compiled_in_parts = True  # as a whole it would be compiled anew for each level of detail

    def __init__(
        self,
        resolution: int = 1024,
        channels: int = 3,
        style_dim: int = 512,
        base: int = 8192,
        most: int = 512,
        decay: float = 1.0,
        constant: bool = True,
        styles: bool = True,
        noise: bool = True,
        pixel: bool = False,
        instance: bool = True,
        eps: float = 1e-8,
        bias_before_blur: bool = False,
        one_noise: bool = False,
        fused_from: int = 128,
    ) -> None:
        super().__init__()
        self.top, self.one_noise, self.fused_from = levels(resolution), one_noise, fused_from

        def nf(stage: int) -> int:
            return width(stage, base, most, decay)

        def epilogue(i: int) -> Epilogue:
            biased = not (bias_before_blur and i % 2 == 0 and i > 0)
            return Epilogue(nf(i // 2 + 1), style_dim if styles else 0, noise, pixel, instance, eps, biased)

        self.constant = nn.Parameter(torch.ones(1, nf(1), 4, 4)) if constant else None
        self.dense = None if constant else EqualizedLinear(style_dim, nf(1) * 16, gain=2**0.5 / 4, bias=False)
        convs = [EqualizedConv2d(nf(1), nf(1), bias=False)]
        for k in range(3, self.top + 1):
            convs.append(EqualizedConv2d(nf(k - 2), nf(k - 1), bias=False, how=double_conv))
            convs.append(EqualizedConv2d(nf(k - 1), nf(k - 1), bias=False))
        self.convs = nn.ModuleList(convs)  # of layers 1, 2, …
        self.epilogues = nn.ModuleList(epilogue(i) for i in range(self.layers))
        rgb = (EqualizedConv2d(nf(k - 1), channels, 1, gain=1.0) for k in range(2, self.top + 1))
        self.to_rgb = nn.ModuleList(rgb)  # of level 2, 3, …
        for i in range(self.layers if noise else 0):
            side = 2 ** (i // 2 + 2)
            self.register_buffer(f"noise{i}", torch.randn(1, 1, side, side))

    @property
    def layers(self) -> int:
        """How many styles a picture of full size takes."""
        return 2 * self.top - 2

    def stored_noise(self) -> list[Tensor | None]:
        """The noise that pictures without chance have, of every layer: (1, 1, h, w) each."""
        return [getattr(self, f"noise{i}", None) for i in range(self.layers)]

    def noise_shapes(self, count: int) -> list[tuple[int, int, int, int] | None]:
        """What noise each layer takes for so many pictures: (count, 1, h, w), or none."""
        sides = [2 ** (i // 2 + 2) for i in range(self.layers)]
        noisy = [epilogue.noise_weight is not None for epilogue in self.epilogues]
        return [(count, 1, side, side) if has else None for side, has in zip(sides, noisy, strict=True)]

    def forward(self, w: Tensor, noise: Sequence[Tensor | None], lod: float = 0.0) -> Tensor:
        """Styles (N, layers, style_dim) and noise of each layer -> pictures (N, C, 2^k, 2^k), about [-1, 1]."""
        level, share = at(lod, self.top)
        if self.constant is not None:
            x = self.constant.expand(len(w), -1, -1, -1)
        else:
            x = self.dense(w[:, 0]).view(len(w), -1, 4, 4)  # type: ignore[misc]  # there is one of the two
        x = before = self.epilogues[0](x, w[:, 0], noise[0])
        for i in range(1, 2 * level - 2):
            if i % 2 == 0:
                before = x
            x = self._layer(i, x, w[:, min(i, w.shape[1] - 1)], noise[i - i % 2 if self.one_noise else i])
        return faded(self.to_rgb, level, share, x, before)

    def _layer(self, i: int, x: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        x, end = self.convs[i - 1](x), self.epilogues[i]
        if i % 2 == 0:
            x = blur(x if end.biased else x + end.bias[:, None, None])  # type: ignore[index]
        out: Tensor = end(x, style, noise)
        return out


class Generator(nn.Module):
    """Mapping and synthesis, and the mean of w.

    Args:
        resolution, channels: of the pictures.
        latent_dim, style_dim, hidden, mapping_layers, labels, rate: see ``Mapping``.
        synthesis: further arguments of ``Synthesis``.
    """

    def __init__(
        self,
        resolution: int = 1024,
        channels: int = 3,
        latent_dim: int = 512,
        style_dim: int = 512,
        hidden: int = 512,
        mapping_layers: int = 8,
        labels: int = 0,
        rate: float = 0.01,
        **synthesis: Any,
    ) -> None:
        super().__init__()
        self.mapping = Mapping(latent_dim, style_dim, hidden, mapping_layers, labels, rate)
        self.synthesis = Synthesis(resolution, channels, style_dim, **synthesis)
        self.register_buffer("mean_w", torch.zeros(style_dim))
        self.mean_w: Tensor

    def truncated(self, w: Tensor, psi: float | Sequence[float] | None = 0.7, cutoff: int | None = 8) -> Tensor:
        """Styles (N, layers, D) drawn towards the mean: those of layers below ``cutoff``, to ``psi`` of their distance.

        ``psi`` may be one number for each layer, whatever the cutoff. psi None, cutoff None or 0 change nothing.
        """
        if psi is None or (isinstance(psi, int | float) and not cutoff):
            return w
        if isinstance(psi, int | float):
            psi = [psi if i < (cutoff or 0) else 1.0 for i in range(w.shape[1])]
        share = torch.tensor(list(psi), dtype=w.dtype, device=w.device)[:, None]
        return torch.lerp(self.mean_w.to(w), w, share)

    def spread(self, w: Tensor, w2: Tensor | None = None, crossover: int | None = None) -> Tensor:
        """w (N, D) for every layer, from ``crossover`` on w2: (N, layers, D)."""
        count = self.synthesis.layers
        styles = w[:, None].expand(-1, count, -1)
        if w2 is None or crossover is None:
            return styles
        return torch.cat([styles[:, :crossover], w2[:, None].expand(-1, count - crossover, -1)], dim=1)

    def mixed(self, rows: Tensor, columns: Tensor, layers: slice = MIDDLE) -> Tensor:
        """Styles (R, L, D) and (C, L, D) -> (R, C, L, D): every row's, in some ``layers`` the columns' instead."""
        found = rows[:, None].repeat(1, len(columns), 1, 1)
        found[:, :, layers] = columns[None, :, layers]
        return found

    @torch.no_grad()
    def follow_mean(self, w: Tensor, decay: float) -> None:
        """Let the mean of w move towards that of these (N, style_dim)."""
        self.mean_w.copy_(torch.lerp(w.mean(dim=0), self.mean_w, decay))

    @torch.no_grad()
    def take_mean(self, z: Tensor) -> Tensor:
        """Set the mean of w to that of these latents (N, latent_dim), for weights that bring none: (style_dim,)."""
        mean = torch.stack([self.mapping(part).mean(dim=0) * len(part) for part in torch.split(z, 1024)]).sum(
            dim=0
        ) / len(z)
        return self.mean_w.copy_(mean)
