"""Norms between instance and layer norm (their numbers and gradients are golden cases)."""

import torch
from torch import nn

from gan_zoo.layers.adalin import LIN, AdaLIN, Plain, clip_rho, instance_layer_norm


def test_rho_1_is_instance_norm_and_rho_0_layer_norm_with_unbiased_variances() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64) * 2 + 1
    one, zero = torch.ones(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    instance = instance_layer_norm(x, one, one, zero)
    expected = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(instance, expected)
    layer = instance_layer_norm(x, zero, one, zero)
    dims = (1, 2, 3)
    torch.testing.assert_close(layer, (x - x.mean(dims, keepdim=True)) / (x.var(dims, keepdim=True) + 1e-5).sqrt())


def test_starts() -> None:
    assert AdaLIN(2).rho.flatten().tolist() == torch.tensor([0.9, 0.9]).tolist()
    own = LIN(2)
    assert (own.rho.flatten().tolist(), own.gamma.flatten().tolist(), own.beta.flatten().tolist()) == (
        [0.0, 0.0],
        [1.0, 1.0],
        [0.0, 0.0],
    )


def test_rho_is_held_to_its_range() -> None:
    net = nn.Sequential(AdaLIN(3), LIN(3))
    net[0].rho.data = torch.tensor([-0.5, 0.4, 1.5]).view(1, 3, 1, 1)
    net[1].rho.data.fill_(2.0)
    clip_rho(net)
    torch.testing.assert_close(net[0].rho.flatten(), torch.tensor([0.0, 0.4, 1.0]))
    assert net[1].rho.flatten().tolist() == [1.0, 1.0, 1.0]


def test_half_precision_keeps_its_type_and_takes_statistics_in_float32() -> None:
    x = (torch.randn(1, 2, 32, 32) * 0.01 + 100).bfloat16()
    out = AdaLIN(2)(x, torch.ones(1, 2), torch.zeros(1, 2))
    assert out.dtype == torch.bfloat16
    assert out.isfinite().all()


def test_a_plain_norm_does_not_look_at_the_style() -> None:
    norm, x = Plain(nn.InstanceNorm2d(2)), torch.randn(1, 2, 4, 4)
    torch.testing.assert_close(norm(x, torch.ones(1, 2), torch.ones(1, 2)), nn.InstanceNorm2d(2)(x))
