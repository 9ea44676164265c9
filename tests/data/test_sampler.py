"""Positions, orders and shards are pure functions; ranks share global batches."""

from collections import Counter
from itertools import chain

import pytest
import torch
from torch.utils.data import BatchSampler, SequentialSampler
from torch.utils.data.distributed import DistributedSampler

from gan_zoo.data.sampler import InOrder, Shuffled, StreamSampler, rng_at
from gan_zoo.errors import UserError


def batches(sampler: StreamSampler) -> list[list[int]]:
    return list(BatchSampler(sampler, sampler.batch_size, drop_last=False))


def test_each_pass_is_a_new_permutation_of_everything() -> None:
    order = Shuffled(7, seed=3, tag="a")
    passes = [[order[p] for p in range(k * 7, k * 7 + 7)] for k in range(20)]
    assert all(sorted(one) == list(range(7)) for one in passes)
    assert len({tuple(one) for one in passes}) == 20
    assert [order[p] for p in reversed(range(14))] == [*reversed(passes[1]), *reversed(passes[0])]


def test_seeds_and_tags_give_other_orders_and_equal_ones_the_same() -> None:
    def first(seed: int, tag: str) -> list[int]:
        order = Shuffled(50, seed, tag)
        return [order[p] for p in range(50)]

    assert first(1, "a") == first(1, "a")
    assert first(1, "a") != first(2, "a")
    assert first(1, "a") != first(1, "b")


def test_the_order_never_changes_between_versions() -> None:
    order = Shuffled(8, seed=0, tag="a")
    assert [order[p] for p in range(8)] == [7, 5, 1, 6, 4, 2, 0, 3]
    assert [rng_at(0, "a", 5).randint(0, 99) for _ in range(2)] == [98, 98]


def test_orders_are_fair() -> None:
    counts = Counter(Shuffled(4, seed=0, tag="a")[4 * k] for k in range(2000))
    assert all(420 < counts[i] < 580 for i in range(4))  # 500 +- 4 standard deviations


def test_in_order_repeats() -> None:
    order = InOrder(3)
    assert [order[p] for p in range(7)] == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize("size", [4, 7, 8, 9, 13])
@pytest.mark.parametrize(("batch", "world"), [(1, 2), (2, 2), (1, 3), (2, 4)])
def test_ranks_together_see_one_process_batches(size: int, batch: int, world: int) -> None:
    alone = StreamSampler(size, batch * world)
    ranks = [StreamSampler(size, batch, world, rank) for rank in range(world)]
    for epoch in (0, 1, 5):
        for sampler in (alone, *ranks):
            sampler.set_epoch(epoch)
        whole, parts = batches(alone), [batches(rank) for rank in ranks]
        assert [*chain(*whole)] == list(range(epoch * size, (epoch + 1) * size))
        assert {len(part) for part in parts} == {len(whole)}
        for i, one in enumerate(whole):
            together = [*chain(*(part[i] for part in parts))]
            assert len({len(part[i]) for part in parts}) == 1  # even shares
            assert together[: len(one)] == one
            assert together[len(one) :] == [one[j % len(one)] for j in range(len(together) - len(one))]  # filled up
            assert len(together) - len(one) < world
    assert all(len(rank) == sum(map(len, part)) for rank, part in zip(ranks, parts, strict=True))


@pytest.mark.parametrize(("size", "batch", "world"), [(11, 4, 2), (12, 2, 3), (8, 4, 2), (7, 2, 1)])
def test_parts_of_ranks_make_up_the_global_parts(size: int, batch: int, world: int) -> None:
    alone = StreamSampler(size, batch * world, parts=2)
    ranks = [StreamSampler(size, batch, world, rank, parts=2) for rank in range(world)]
    for epoch in (0, 3):
        for sampler in (alone, *ranks):
            sampler.set_epoch(epoch)
        whole = batches(alone)
        assert [len(one) for one in whole] == [batch * world] * (size // (batch * world))  # and no incomplete one
        assert [*chain(*whole)] == list(range(epoch * size, epoch * size + len(alone)))
        for i, one in enumerate(whole):
            of_ranks = [batches(rank)[i] for rank in ranks]
            together = [[*chain(*(part[k:][: batch // 2] for part in of_ranks))] for k in (0, batch // 2)]
            assert [*chain(*together)] == one
    assert all(len(rank) * world == len(alone) for rank in ranks)


def test_a_batch_without_equal_parts_is_refused() -> None:
    with pytest.raises(UserError, match=r"^data.batch_size=3 has no 2 equal parts.*set data.batch_size=4$"):
        StreamSampler(10, 3, parts=2)


def test_resuming_leaves_out_what_was_trained() -> None:
    for rank in range(2):
        full, rest = StreamSampler(11, 2, 2, rank), StreamSampler(11, 2, 2, rank)
        full.set_epoch(3)
        rest.resume(3, 2)
        assert batches(rest) == batches(full)[2:]
        assert batches(rest) == batches(full)[2:]  # asked twice
        assert len(rest) == len(full)  # Lightning counts the whole epoch
        for sampler in (full, rest):
            sampler.set_epoch(4)
        assert batches(rest) == batches(full)


def test_fixed_gives_the_same_epoch_again() -> None:
    sampler = StreamSampler(5, 2, fixed=True)
    first = batches(sampler)
    sampler.set_epoch(7)
    assert batches(sampler) == first == [[0, 1], [2, 3], [4]]


def test_lightning_and_torch_leave_it_alone() -> None:
    sampler = StreamSampler(5, 2)
    assert isinstance(sampler, DistributedSampler)
    assert isinstance(sampler, SequentialSampler)
    assert next(iter(torch.utils.data.DataLoader(range(100), sampler=sampler, batch_size=2))).tolist() == [0, 1]
