"""Ways from one code to another."""

import torch
from torch import Tensor


def linear(first: Tensor, second: Tensor, count: int) -> Tensor:
    """``count`` codes (count, nz) from ``first`` to ``second``, both (nz) and both included, on a straight line."""
    share = torch.linspace(0, 1, count, dtype=torch.float64, device=first.device)[:, None]
    return ((1 - share) * first.double() + share * second.double()).to(first)


def spherical(first: Tensor, second: Tensor, count: int) -> Tensor:
    """The same on an arc (Shoemake 1985): where normal codes lie, unlike the middle of a straight line between two.

    The angle is that between the normalised codes, the weights apply to the codes as they are. Codes in line with each
    other (a sine below 1e-10), or of length 0, have no arc: the line then. Reference: junyanz/BicycleGAN @ 40b9d52c,
    ``util.interp_z``.
    """
    a, b = first.double(), second.double()
    angle = torch.arccos((torch.dot(a, b) / (a.norm() * b.norm())).clamp(-1, 1))
    share = torch.linspace(0, 1, count, dtype=torch.float64, device=first.device)[:, None]
    arc = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)
    return torch.where(torch.sin(angle) >= 1e-10, arc.to(first), linear(first, second, count))
