import pytest
import torch

from gan_zoo.data.loader import Failure
from gan_zoo.errors import UserError
from gan_zoo.evaluation.chunks import Share, chunks, derived

CPU = torch.device("cpu")


class Numbers:
    """Pictures whose pixels are their positions; those of ``wide`` are wider, those of ``broken`` cannot be read."""

    def __init__(self, wide: tuple[int, ...] = (), broken: tuple[int, ...] = ()) -> None:
        self.wide, self.broken = wide, broken

    def __getitem__(self, position: int) -> "dict[str, torch.Tensor] | Failure":
        if position in self.broken:
            return Failure(f"{position}.png: cannot be read")
        return {"a": torch.full((1, 2, 3 if position in self.wide else 2), float(position))}


@pytest.mark.parametrize("world", [1, 2, 3, 5])
def test_ranks_share_the_chunks_of_one_process(world: int) -> None:
    alone = Share(4).groups(11)
    dealt = [Share(4, world, rank).groups(11) for rank in range(world)]
    assert alone == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert sorted(group for groups in dealt for group in groups) == alone


def test_samples_come_in_order_and_once() -> None:
    found = list(chunks(Numbers(), 5, Share(2, workers=0), CPU))
    assert [positions for positions, _ in found] == [[0, 1], [2, 3], [4]]
    assert all(batch["a"][:, 0, 0, 0].tolist() == positions for positions, batch in found)


def test_samples_of_unlike_sizes_are_chunks_of_their_own() -> None:
    found = list(chunks(Numbers(wide=(1,)), 3, Share(3, workers=0), CPU))
    assert [(positions, batch["a"].shape[-1]) for positions, batch in found] == [([0, 2], 2), ([1], 3)]


def test_workers_read_the_same_and_hand_errors_on() -> None:
    plain, worked = (list(chunks(Numbers(), 4, Share(2, workers=workers), CPU)) for workers in (0, 1))
    assert [positions for positions, _ in plain] == [positions for positions, _ in worked]
    with pytest.raises(UserError, match=r"^3.png: cannot be read$"):
        list(chunks(Numbers(broken=(3,)), 4, Share(2, workers=1), CPU))


def test_readers_leave_a_core_to_the_model() -> None:
    assert Share(workers=3).processes() == 3
    assert 0 <= Share(world=1000).processes() <= Share().processes() <= 4


def test_seeds_are_functions_of_what_they_are_for() -> None:
    assert derived(0, "ab", 3) == derived(0, "ab", 3) != derived(0, "ab", 4)
    assert 0 <= derived("x") < 2**63
