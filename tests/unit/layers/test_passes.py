"""One pass in place of several."""

import torch
from torch import Tensor, nn

from gan_zoo.layers.passes import passes


class Counter(nn.Module):
    """Doubles its input and counts its calls."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return 2 * x


A, B, WIDE = torch.rand(2, 1, 3, 3), torch.rand(2, 1, 3, 3), torch.rand(2, 1, 3, 5)


def test_batches_of_one_shape_share_a_pass_and_come_back_in_order() -> None:
    net = Counter()
    first, second, third = passes(net, A, B, A + 1)
    assert net.calls == 1
    assert torch.equal(first, 2 * A)
    assert torch.equal(second, 2 * B)
    assert torch.equal(third, 2 * (A + 1))


def test_batches_of_unlike_shapes_go_alone() -> None:
    net = Counter()
    first, second = passes(net, A, WIDE)
    assert net.calls == 2
    assert torch.equal(first, 2 * A)
    assert torch.equal(second, 2 * WIDE)


def test_a_network_that_mixes_images_gets_them_alone() -> None:
    net = nn.Sequential(nn.BatchNorm2d(1))
    first, second = passes(net, A, B + 5, merged=False)
    assert abs(first.mean().item()) < 1e-6
    assert abs(second.mean().item()) < 1e-6


class Scales(nn.Module):
    """Gives the picture, and a list of two smaller ones."""

    def forward(self, x: Tensor) -> list[Tensor | list[Tensor]]:
        return [x, [x[..., :2], x[..., :1]]]


def test_lists_of_lists_come_back_in_parts() -> None:
    for merged in (True, False):
        first, second = passes(Scales(), A, B, merged=merged)
        assert torch.equal(first[0], A)
        assert torch.equal(second[0], B)
        assert [tuple(map.shape) for map in second[1]] == [(2, 1, 3, 2), (2, 1, 3, 1)]
        assert torch.equal(second[1][1], B[..., :1])
