"""Small stand-ins for the networks that others have trained, seeded."""

import torch
from torch import Tensor, nn

from gan_zoo.evaluation.judges import Own


class Tiny(nn.Module):
    """Features (N, dim) of pictures; ``bad`` makes them infinite."""

    def __init__(self, dim: int = 8, bad: bool = False) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(dim)
        self.weight = nn.Parameter(torch.randn(dim, 3, 3, 3, generator=chance))
        self.bad, self.calls = bad, 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += len(x)
        seen = nn.functional.conv2d(x, self.weight, stride=2).relu().mean(dim=(2, 3))
        return seen / 0 if self.bad else seen


class Distance(nn.Module):
    """Mean squared difference of two batches (N, 3, H, W): (N,)."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return (first - second).square().mean(dim=(1, 2, 3))


class Segmenter(nn.Module):
    """Two classes: dark and light, at half the size."""

    def forward(self, x: Tensor) -> Tensor:
        gray = nn.functional.avg_pool2d(x.mean(dim=1, keepdim=True), 2)
        return torch.cat([-gray, gray], dim=1)


def judge(module: nn.Module) -> Own:
    """A prepared judge."""
    made = Own(module)
    made.prepare(torch.device("cpu"))
    return made
