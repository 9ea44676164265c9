"""One forward pass for two objectives."""

import torch
from torch import nn

from gan_zoo.training.shared import SharedPass


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.passes = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.norm(self.conv(x))
        return out

    def maps(self, x: torch.Tensor) -> list[torch.Tensor]:
        self.passes += 1
        return [self.conv(x), self(x)]


def made() -> tuple[Net, torch.Tensor]:
    torch.manual_seed(0)
    return Net().double(), torch.randn(2, 2, 6, 6, dtype=torch.float64, requires_grad=True)


def test_both_gradients_are_those_of_two_passes() -> None:
    net, x = made()
    shared = SharedPass("judge", net)
    score = shared(x)
    shared.handed_over(score.square().mean()).backward()
    assert x.grad is None  # the player's objective ends at its weights
    (score - 1).square().mean().backward(inputs=[x])
    mine = [p.grad.clone() for p in net.parameters()]  # type: ignore[union-attr]  # the pass above gave them
    twin, again = made()
    twin(again.detach()).square().mean().backward()
    for found, expected in zip(mine, twin.parameters(), strict=True):
        torch.testing.assert_close(found, expected.grad, rtol=0, atol=1e-15)
    (twin(again) - 1).square().mean().backward(inputs=[again])
    torch.testing.assert_close(x.grad, again.grad, rtol=0, atol=1e-15)


def test_a_method_is_called_with_weights_of_the_same_memory_and_statistics_move() -> None:
    net, x = made()
    shared = SharedPass("judge", net, "maps")
    before = net.norm.running_mean.clone()  # type: ignore[union-attr]  # batch norm tracks them
    with torch.no_grad():
        net.conv.weight.mul_(2)
    maps = shared(x)
    torch.testing.assert_close(maps[0], net.conv(x))
    assert net.passes == 1
    assert not torch.equal(net.norm.running_mean, before)  # type: ignore[arg-type]  # batch norm tracks them
