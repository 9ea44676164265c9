"""Ways from code to code (seven frames between two of eight numbers are a golden case)."""

import math

import torch

from gan_zoo.layers.interpolation import linear, spherical


def test_an_arc_keeps_the_length_and_its_steps_are_even() -> None:
    first, second = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    way = spherical(first, second, 4)
    torch.testing.assert_close(way.norm(dim=1), torch.full((4,), 2.0))
    angles = torch.atan2(way[:, 1], way[:, 0])
    torch.testing.assert_close(angles.diff(), torch.full((3,), math.pi / 6))


def test_both_ends_are_there_and_a_line_is_straight() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(2, 8)
    for way in (spherical, linear):
        codes = way(first, second, 5)
        torch.testing.assert_close(codes[0], first)
        torch.testing.assert_close(codes[-1], second)
    torch.testing.assert_close(linear(first, second, 5).diff(dim=0), ((second - first) / 4).expand(4, -1))


def test_codes_in_line_or_of_length_0_have_a_straight_way() -> None:
    code = torch.tensor([1.0, 2.0, 3.0])
    for other in (2 * code, torch.zeros(3)):
        way = spherical(code, other, 3)
        torch.testing.assert_close(way, linear(code, other, 3))
        assert way.isfinite().all()


def test_one_code_is_the_first() -> None:
    torch.testing.assert_close(spherical(torch.ones(2), torch.tensor([1.0, -1.0]), 1), torch.ones(1, 2))
