"""A second set of weights that follows."""

import torch
from torch import nn

from gan_zoo.training.ema import averaged, follow


def test_it_starts_as_a_copy_that_is_not_trained() -> None:
    net = nn.Linear(2, 2)
    kept = averaged(net)
    assert torch.equal(kept.weight, net.weight)
    assert kept.weight is not net.weight
    assert not any(p.requires_grad for p in kept.parameters())
    assert not kept.training


def test_it_follows_by_its_decay_and_takes_buffers_as_they_are() -> None:
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    kept = averaged(net)
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        kept[0].weight.fill_(0.0)
        net[1].running_mean.fill_(3.0)
    for expected in (0.1, 0.19, 0.271):
        follow(kept, net, decay=0.9)
        torch.testing.assert_close(kept[0].weight.item(), expected)
    assert kept[1].running_mean.item() == 3.0
