"""What each scale sees (the numbers are golden cases)."""

import pytest
import torch

from gan_zoo.layers.norm import instance_norm
from gan_zoo.networks.multiscale import MultiScale, counted_from_coarsest
from gan_zoo.networks.patchgan import PatchGAN


def test_the_first_scale_sees_the_picture_and_the_next_its_means_without_the_padding() -> None:
    net = MultiScale(1, n_scales=3, ndf=1)
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    first, second, third = net.pyramid(x)
    assert torch.equal(first, x)
    assert second[0, 0].tolist() == [[2.5, 4.0], [8.5, 10.0]]
    assert third.item() == pytest.approx(6.25)


def test_widths_shrink_and_round_half_to_even() -> None:
    net = MultiScale(3, n_scales=3, ndf=10, narrowing=2, each=PatchGAN)
    assert [scale.layers[0].out_channels for scale in net.scales] == [10, 5, 2]


def test_logits_are_the_last_features_finest_first() -> None:
    torch.manual_seed(0)

    def each(channels: int, ndf: int) -> PatchGAN:
        return PatchGAN(channels, n_layers=2, ndf=ndf, norm=instance_norm, padding=2, widest=3)

    net = MultiScale(2, n_scales=2, ndf=2, each=each)
    x = torch.randn(1, 2, 32, 32)
    maps = net.features(x)
    assert [tuple(m.shape[1:]) for m in maps[0]] == [(2, 17, 17), (3, 9, 9), (3, 10, 10), (1, 11, 11)]
    assert all(torch.equal(scale[-1], logits) for scale, logits in zip(maps, net(x), strict=True))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_scales_of_another_number_meet_at_the_coarsest(count: int) -> None:
    theirs = MultiScale(1, n_scales=count, ndf=1).state_dict(prefix="d.scales.".removesuffix("scales."))
    renamed = counted_from_coarsest(theirs | {"other": torch.ones(1)}, "d.scales.", 3)
    assert len(renamed) == len(theirs) + 1
    assert "other" in renamed
    for name, value in theirs.items():
        head, scales, number, rest = name.split(".", 3)
        assert renamed[f"{head}.{scales}.{int(number) + 3 - count}.{rest}"] is value
