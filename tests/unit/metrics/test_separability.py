"""Separability of made-up latents (the official numbers are golden)."""

import pytest
import torch

from gan_zoo.metrics.separability import (
    attribute_table,
    conditional_entropy,
    joint_table,
    most_confident,
    separability,
)

CODES = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
UNRELATED = torch.randn(200, generator=torch.Generator().manual_seed(1))


def test_the_surest_come_first_and_equals_in_their_order() -> None:
    assert most_confident(torch.tensor([0.1, -3.0, 2.0, 50.0, -60.0]), 4).tolist() == [3, 4, 1, 2]


def test_a_table_has_sides_of_the_plane_as_rows() -> None:
    table = joint_table(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1, 1]))
    assert table.tolist() == [[0.25, 0.25], [0.0, 0.5]]
    assert conditional_entropy(table).item() == pytest.approx(0.5)  # the upper side is in doubt: one bit, half the time


def test_entropy_is_nought_for_a_perfect_plane_and_one_bit_for_no_help() -> None:
    assert conditional_entropy(torch.tensor([[0.5, 0.0], [0.0, 0.5]])).item() == 0
    assert conditional_entropy(torch.tensor([[0.0, 1.0], [0.0, 0.0]])).item() == 0
    assert conditional_entropy(torch.full((2, 2), 7.0)).item() == pytest.approx(1)


def test_what_a_plane_separates_scores_one_and_what_none_does_two_an_attribute() -> None:
    linear = CODES @ torch.tensor([3.0, -2.0, 1.0])
    assert separability(CODES, linear[None], keep=100).item() == pytest.approx(1)
    assert separability(CODES, torch.stack([UNRELATED, -UNRELATED]), keep=200).item() == pytest.approx(4, rel=0.1)


def test_labels_of_a_data_set_serve_as_logits() -> None:
    labels = torch.where(CODES[:, 0] > 0, 1, -1)
    assert separability(CODES, labels[None].float(), keep=200).item() == pytest.approx(1, abs=0.1)


def test_one_class_alone_counts_as_perfect() -> None:
    assert attribute_table(CODES, torch.ones(200), 100).tolist() == [[0.5, 0.0], [0.0, 0.5]]


def test_a_rule_of_ones_own() -> None:
    table = attribute_table(CODES, CODES[:, 0], 50, lambda codes, classes: 1 - classes)
    assert table.diagonal().tolist() == [0, 0]
