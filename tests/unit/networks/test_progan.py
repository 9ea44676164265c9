"""Growing networks: sizes, shares of levels, what is used (the numbers were compared with the official code's)."""

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.layers.resample import double
from gan_zoo.networks.progan import Discriminator, Generator, at, levels, width


def test_widths_of_the_paper() -> None:
    assert [width(k - 1) for k in range(2, 11)] == [512, 512, 512, 512, 256, 128, 64, 32, 16]


def test_parameters_at_1024_px() -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in Generator().parameters()) == 23_079_115
        assert sum(p.numel() for p in Discriminator().parameters()) == 23_087_249


def test_levels_of_detail() -> None:
    assert at(0.0, 6) == (6, 0.0)
    assert at(1.25, 6) == (5, 0.25)
    assert levels(64) == 6
    for wrong in (0, 2, 48):
        with pytest.raises(UserError, match=f"not {wrong}: set model.resolution"):
            levels(wrong)


@torch.no_grad()
def test_pictures_have_the_size_of_their_level_and_fade_from_the_one_below() -> None:
    torch.manual_seed(0)
    net = Generator(16, latent_dim=5, base=64, most=8)
    z = torch.randn(2, 5)
    sizes = {lod: net(z, lod).shape[-1] for lod in (0.0, 0.5, 1.0, 1.5, 2.0)}
    assert sizes == {0.0: 16, 0.5: 16, 1.0: 8, 1.5: 8, 2.0: 4}
    torch.testing.assert_close(net(z, 0.999999), double(net(z, 1.0)), atol=1e-4, rtol=1e-4)


def test_only_levels_in_use_learn() -> None:
    torch.manual_seed(0)
    net, judge = Generator(16, latent_dim=5, base=64, most=8), Discriminator(16, base=64, most=8)
    judge(net(torch.randn(4, 5), 1.0), 1.0).sum().backward()
    idle = [name for name, p in (*net.named_parameters(), *judge.named_parameters()) if p.grad is None]
    assert idle
    assert all(name.startswith(("blocks.1", "to_rgb.2", "from_rgb.2", "to_rgb.0", "from_rgb.0")) for name in idle)


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(UserError, match=r"at level of detail 1.0 pictures have 8 px, not 16x16"):
        Discriminator(16, base=64, most=8)(torch.zeros(1, 3, 16, 16), 1.0)
