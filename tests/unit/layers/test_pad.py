"""Pictures of any size."""

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.layers.norm import instance_norm
from gan_zoo.layers.pad import any_size, edge_padded
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.unet import UNet

torch.manual_seed(0)
NETWORKS = {
    "resnet": ResNet(1, 2, n_blocks=1, ngf=2),
    "unet": UNet(1, 2, n_downs=5, ngf=1, norm=instance_norm),
    "unet, batch norm": UNet(1, 2, n_downs=4, ngf=1, dropout=False),
}


@pytest.mark.parametrize("name", NETWORKS)
@torch.no_grad()
def test_every_size_from_1_to_70(name: str) -> None:
    net = NETWORKS[name]
    for side in range(1, 71):
        for height, width in ((side, 71 - side), (side, side)):
            y = any_size(net, torch.zeros(1, 1, height, width), net)
            assert y.shape == (1, 2, height, width)
            assert y.isfinite().all()


class Recorder(nn.Module):
    """The identity, which knows what it saw."""

    stride, smallest = 4, 8

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x
        return x


def test_nothing_is_added_to_sizes_that_fit() -> None:
    recorder, x = Recorder(), torch.rand(1, 1, 8, 12)
    assert torch.equal(any_size(recorder, x, recorder), x)
    assert recorder.seen.shape == x.shape


def test_a_picture_grows_to_the_next_multiple_by_its_mirror_image() -> None:
    recorder, x = Recorder(), torch.arange(90.0).view(1, 1, 9, 10)
    assert torch.equal(any_size(recorder, x, recorder), x)
    assert recorder.seen.shape == (1, 1, 12, 12)
    assert torch.equal(recorder.seen[..., 9:, :10], x[..., [7, 6, 5], :])
    assert torch.equal(recorder.seen[..., :9, 10:], x[..., [8, 7]])


def test_a_picture_too_small_for_that_grows_by_its_edge() -> None:
    recorder, x = Recorder(), torch.tensor([[[[1.0, 2.0]]]])
    assert torch.equal(any_size(recorder, x, recorder), x)
    assert torch.equal(recorder.seen, torch.tensor([1.0, *[2.0] * 7]).expand(1, 1, 8, 8))


def test_maps_of_ids_grow_by_their_edge_at_the_right_and_the_bottom() -> None:
    recorder = Recorder()
    ids = torch.arange(70).view(1, 1, 7, 10) * 1000
    grown = edge_padded(ids, recorder)
    assert grown.dtype == ids.dtype
    height, width = grown.shape[-2:]
    assert height % recorder.stride == width % recorder.stride == 0
    assert min(height, width) >= recorder.smallest
    assert torch.equal(grown[..., :7, :10], ids)
    assert torch.equal(grown[..., 7:, :10], ids[..., -1:, :].expand(-1, -1, height - 7, -1))
    assert torch.equal(grown[..., 10:], grown[..., 9:10].expand(-1, -1, -1, width - 10))
    assert torch.equal(edge_padded(grown, recorder), grown)
