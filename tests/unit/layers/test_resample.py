"""Halving and doubling in fewer operations."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from gan_zoo.layers.resample import blur, conv, double, double_conv, halve, halve_conv


def arguments() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(2, 3, 6, 8, dtype=torch.float64), torch.randn(4, 3, 3, 3, dtype=torch.float64)


def test_doubling_in_a_convolution_is_doubling_before_it() -> None:
    x, weight = arguments()
    torch.testing.assert_close(double_conv(x, weight), conv(double(x), weight))


def test_halving_in_a_convolution_is_halving_behind_it() -> None:
    x, weight = arguments()
    torch.testing.assert_close(halve_conv(x, weight), halve(conv(x, weight)))


def test_both_take_four_ninths_of_the_operations() -> None:
    x, weight = arguments()
    for short, long in (
        (lambda: double_conv(x, weight), lambda: conv(double(x), weight)),
        (lambda: halve_conv(x, weight), lambda: halve(conv(x, weight))),
    ):
        counts = []
        for run in (short, long):
            with FlopCounterMode(display=False) as counter:
                run()
            counts.append(counter.get_total_flops())
        assert counts[0] * 9 == counts[1] * 4


def test_blur_keeps_what_is_even_and_darkens_the_border() -> None:
    blurred = blur(torch.ones(1, 2, 4, 4, dtype=torch.float64))
    assert blurred[0, 0, 1, 1].item() == 1.0
    assert blurred[0, 1, 0, 1].item() == 0.75
    assert blurred[0, 1, 0, 0].item() == 0.5625
