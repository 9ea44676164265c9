"""Penalties on a discriminator's gradient."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_zoo.layers.modes import twice_differentiable


def slope(scores: Tensor, images: Tensor) -> Tensor:
    """The gradient of the scores' sum with respect to the images (N, C, H, W), to be differentiated again.

    The scores are to be made within ``layers.modes.twice_differentiable``, and this is.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradient


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, alpha: Tensor, target: float = 1.0
) -> Tensor:
    """Mean over images of (|grad D(x)|_2 - target)^2 at x = alpha real + (1 - alpha) fake (Gulrajani et al. 2017).

    Args:
        critic: images (N, C, H, W) -> scores of any shape; the gradient is that of their sum.
        real: (N, C, H, W).
        fake: (N, C, H, W); where it comes from is not trained.
        alpha: (N, 1), mixing coefficients in [0, 1].
        target: the norm aimed at.

    Computed in float32 at least and outside autocast, where a second backward pass would lose its accuracy.
    1e-16 is added to every component of the gradient, as in junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2.
    """
    with twice_differentiable(real.device):
        dtype = torch.promote_types(real.dtype, torch.float32)
        mix = alpha.to(dtype).view(-1, *[1] * (real.dim() - 1))
        points = (mix * real.to(dtype) + (1 - mix) * fake.to(dtype)).detach().requires_grad_(True)
        norms = (slope(critic(points), points).flatten(1) + 1e-16).norm(dim=1)
        penalty: Tensor = (norms - target).square().mean()
        return penalty
