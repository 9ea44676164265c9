import torch
from torchmetrics.image.kid import poly_mmd

from gan_zoo.metrics.kernel import over_blocks, over_subsets, squared_mmd

FIRST = torch.randn(23, 6, generator=torch.Generator().manual_seed(0)).double()
SECOND = 0.5 + torch.randn(14, 6, generator=torch.Generator().manual_seed(1)).double()


def test_it_is_the_distance_of_torchmetrics() -> None:
    expected = poly_mmd(FIRST[:14], SECOND)
    torch.testing.assert_close(squared_mmd(FIRST[:14], SECOND), expected)


def test_sets_may_be_of_unlike_sizes() -> None:
    def kernel(x: torch.Tensor, y: torch.Tensor) -> float:
        return float((x @ y / 6 + 1) ** 3)

    within = [
        sum(kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j)
        / (len(rows) * (len(rows) - 1))
        for rows in (FIRST, SECOND)
    ]
    across = sum(kernel(x, y) for x in FIRST for y in SECOND) / (len(FIRST) * len(SECOND))
    assert abs(float(squared_mmd(FIRST, SECOND)) - (sum(within) - 2 * across)) < 1e-9


def test_subsets_follow_the_seed() -> None:
    found = [over_subsets(FIRST, SECOND, 5, 6, seed) for seed in (0, 0, 1)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert len(set(found[0].tolist())) == 5
    torch.testing.assert_close(over_subsets(SECOND, SECOND, 1, 14, 0), squared_mmd(SECOND, SECOND)[None])


def test_blocks_are_consecutive_and_the_larger_ones_last() -> None:
    found = over_blocks(FIRST, SECOND, 10)  # 3 blocks: 7 8 8 of 23, 4 5 5 of 14
    cuts = ((slice(0, 7), slice(0, 4)), (slice(7, 15), slice(4, 9)), (slice(15, 23), slice(9, 14)))
    expected = torch.stack([squared_mmd(FIRST[a], SECOND[b]) for a, b in cuts])
    torch.testing.assert_close(found, expected)
