"""What encoders take and how codes are pooled (the numbers are golden cases)."""

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import no_norm
from gan_zoo.networks.latent_encoder import ConvEncoder, LatentEncoder, ResNetEncoder


@pytest.mark.parametrize(
    ("net", "sides"),
    [
        (ResNetEncoder(nef=1), (256, 511)),
        (ResNetEncoder(nef=1, n_blocks=3), (128, 255)),
        (ConvEncoder(nef=1), (256, 511)),
        (ConvEncoder(nef=1, n_layers=4), (128, 255)),
    ],
)
def test_the_published_encoders_take_one_octave_of_sizes(net: LatentEncoder, sides: tuple[int, int]) -> None:
    assert (net.smallest, net.largest) == sides


@pytest.mark.parametrize("net", [ResNetEncoder(1, nz=3, n_blocks=1, nef=2), ConvEncoder(1, nz=3, n_layers=2, nef=2)])
def test_sizes_beyond_are_one_line_at_both_ends(net: LatentEncoder) -> None:
    for shape in ((32, 32), (63, 40)):
        assert [tuple(part.shape) for part in net(torch.zeros(2, 1, *shape))] == [(2, 3), (2, 3)]
    for shape in ((31, 40), (40, 64)):
        with pytest.raises(UserError, match=f"sides of 32 to 63 px, not {shape[1]}x{shape[0]}: set data.crop_size"):
            net(torch.zeros(1, 1, *shape))


def test_a_picture_of_another_size_is_fitted() -> None:
    net = ConvEncoder(1, nz=2, n_layers=2, nef=2)
    fitting = torch.rand(1, 1, 40, 50)
    assert net.fitted(fitting) is fitting
    assert net.fitted(torch.rand(1, 1, 20, 100)).shape == (1, 1, 32, 32)
    torch.testing.assert_close(net.fitted(torch.full((1, 1, 100, 70), 0.3)), torch.full((1, 1, 32, 32), 0.3))


@torch.no_grad()
def test_surplus_columns_are_not_seen() -> None:
    """The window of the last pooling is 8 wide where the map is 15: columns far to the right change nothing."""
    torch.manual_seed(0)
    net = ConvEncoder(1, nz=2, n_layers=2, nef=2, norm=no_norm)
    x = torch.rand(1, 1, 32, 60)
    other = x.clone()
    other[..., 45:] = 0
    torch.testing.assert_close(net(x), net(other))
    other[..., 5] = 0
    assert not torch.equal(net(x)[0], net(other)[0])


@torch.no_grad()
def test_without_a_norm_the_shortcut_sees_the_activated_picture() -> None:
    torch.manual_seed(0)
    net = ResNetEncoder(1, nz=2, n_blocks=1, nef=2, norm=no_norm)
    block, x = net.layers[1], torch.randn(1, 2, 8, 8)
    expected = block.main(x.clone()) + block.shortcut(torch.nn.functional.leaky_relu(x, 0.2))
    torch.testing.assert_close(block(x.clone()), expected)
