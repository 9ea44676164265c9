"""Discriminators: what a patch is (their numbers are golden cases)."""

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm, instance_norm, no_norm
from gan_zoo.networks.patchgan import PatchGAN, PixelGAN


def seen_by(net: nn.Module, size: int) -> tuple[int, int]:
    """Height and width of the pixels that the logit in the middle depends on."""
    x = torch.randn(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    scores: Tensor = net.double()(x)
    middle = scores.shape[-1] // 2
    (gradient,) = torch.autograd.grad(scores[0, 0, middle, middle], x)
    rows, columns = gradient[0, 0].abs().sum(1).nonzero(), gradient[0, 0].abs().sum(0).nonzero()
    return int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)


@pytest.mark.parametrize(("n_layers", "patch", "size"), [(1, 16, 32), (2, 34, 96), (3, 70, 160)])
def test_the_receptive_field(n_layers: int, patch: int, size: int) -> None:
    torch.manual_seed(0)
    assert seen_by(PatchGAN(1, n_layers, ndf=2, norm=no_norm), size) == (patch, patch)


def test_a_pixel_is_judged_by_itself() -> None:
    torch.manual_seed(0)
    assert seen_by(PixelGAN(1, ndf=2, norm=no_norm), 8) == (1, 1)
    assert PixelGAN(4, ndf=2)(torch.zeros(2, 4, 3, 5)).shape == (2, 1, 3, 5)


@torch.no_grad()
@pytest.mark.parametrize("n_layers", [1, 2, 3, 4])
def test_the_smallest_picture_just_works_and_one_smaller_is_refused_in_one_line(n_layers: int) -> None:
    net = PatchGAN(3, n_layers, ndf=1, norm=no_norm)
    assert net(torch.zeros(1, 3, net.smallest, net.smallest)).shape == (1, 1, 1, 1)
    with pytest.raises(UserError, match=rf"from {net.smallest} px, not {net.smallest - 1}x40: .*crop_size.*n_layers"):
        net(torch.zeros(1, 3, 40, net.smallest - 1))
    with pytest.raises(RuntimeError):
        net.layers(torch.zeros(1, 3, 40, net.smallest - 1))


@pytest.mark.parametrize(("norm", "middle"), [(batch_norm, False), (no_norm, False), (instance_norm, True)])
def test_where_biases_are(norm: object, middle: bool) -> None:
    for net, expected in (
        (PatchGAN(3, 2, ndf=1, norm=norm), [True, middle, middle, True]),
        (PixelGAN(3, ndf=1, norm=norm), [True, middle, middle]),
    ):
        biases = [layer.bias is not None for layer in net.modules() if isinstance(layer, nn.Conv2d)]
        assert biases == expected


def test_widths_double_up_to_eight_times_the_first() -> None:
    widths = [layer.out_channels for layer in PatchGAN(3, 5, ndf=2).modules() if isinstance(layer, nn.Conv2d)]
    assert widths == [2, 4, 8, 16, 16, 16, 1]
