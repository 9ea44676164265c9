"""Colours over pictures."""

import torch

from gan_zoo.layers.heatmap import coloured, overlay, scaled


def test_each_map_uses_the_whole_range_and_a_constant_one_is_nothing() -> None:
    heat = torch.tensor([[[1.0, 3.0], [2.0, 5.0]], [[7.0, 7.0], [7.0, 7.0]]])
    found = scaled(heat)
    assert found[0].flatten().tolist() == [0.0, 0.5, 0.25, 1.0]
    assert not found[1].any()


def test_from_blue_to_red() -> None:
    least, most = coloured(torch.tensor([[[0.0, 1.0]]]))[0, :, 0].T
    assert least[2] > least[0]
    assert most.tolist() == [1.0, -1.0, -1.0]


def test_an_overlay_has_the_pictures_size_and_keeps_gray_pictures_visible() -> None:
    pictures = torch.zeros(2, 1, 6, 8)
    pictures[:, :, :3] = 1.0
    laid = overlay(pictures, torch.rand(2, 2, 2), opacity=0.25)
    assert laid.shape == (2, 3, 6, 8)
    assert laid.abs().max() <= 1.0
    assert (laid[:, :, 0] > laid[:, :, -1]).float().mean() > 0.6
