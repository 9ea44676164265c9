"""Loaders: positions are stored as batches trained, failures of workers come out as one line."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

from gan_zoo.data.loader import EvalLoader, Failure, StreamLoader, collate
from gan_zoo.data.sampler import StreamSampler
from gan_zoo.errors import UserError


class Numbers(Dataset["dict[str, torch.Tensor] | Failure"]):
    """Position p as {"a": p}; position 3 fails if wanted."""

    def __init__(self, broken: int | None = None) -> None:
        self.broken = broken

    def __len__(self) -> int:
        return 5

    def __getitem__(self, position: int) -> dict[str, torch.Tensor] | Failure:
        if position == self.broken:
            return Failure("x.png: not a readable image")
        return {"a": torch.full((1, 2, 2), float(position))}


def loader(workers: int = 0, broken: int | None = None, cls: type[EvalLoader] = StreamLoader) -> Any:
    return cls(Numbers(broken), 2, sampler=StreamSampler(5, 2), num_workers=workers, collate_fn=collate)


def positions(batches: Any) -> list[list[int]]:
    return [batch["a"][:, 0, 0, 0].int().tolist() for batch in batches]


@pytest.mark.parametrize("workers", [0, 2])
def test_resumes_behind_the_batches_trained(workers: int) -> None:
    first = loader(workers)
    iterator = iter(first)
    assert positions([next(iterator)]) == [[0, 1]]
    first.progress = lambda: (1, 3)  # one trained, however many were fetched
    second = loader(workers)
    second.load_state_dict(first.state_dict())
    assert len(second) == 3
    assert positions(second) == [[2, 3], [4]]
    second.sampler.set_epoch(1)
    assert positions(second) == [[5, 6], [7, 8], [9]]


def test_a_finished_epoch_is_the_start_of_the_next() -> None:
    first = loader()
    first.sampler.set_epoch(4)
    first.progress = lambda: (3, 3)
    assert first.state_dict() == {"epoch": 5, "batch": 0, "size": 5, "batch_size": 2}
    first.progress = lambda: (2, 2)  # limit_train_batches=2
    assert first.state_dict()["epoch"] == 5
    second = loader()
    second.load_state_dict(first.state_dict())
    assert positions(second)[0] == [25, 26]


def test_states_are_plain(tmp_path: Path) -> None:
    torch.save(loader().state_dict(), tmp_path / "x")
    assert torch.load(tmp_path / "x", weights_only=True) == {"epoch": 0, "batch": 0, "size": 5, "batch_size": 2}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"epoch": 1, "batch": 1, "size": 6, "batch_size": 2}, "with size 6, now it is 5: restore the data"),
        ({"epoch": 1, "batch": 1, "size": 5, "batch_size": 4}, r"now it is 2: data\.batch_size=4, or resume from"),
    ],
)
def test_other_data_in_the_middle_of_an_epoch_is_refused(state: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        loader().load_state_dict(state)
    fresh = loader()
    fresh.load_state_dict({**state, "batch": 0})  # at an epoch's start nothing can be skipped wrongly
    assert fresh.sampler.epoch == 1


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("cls", [StreamLoader, EvalLoader])
def test_failures_come_out_as_one_line(workers: int, cls: type[EvalLoader]) -> None:
    iterator = iter(loader(workers, broken=3, cls=cls))
    next(iterator)
    with pytest.raises(UserError, match=r"^x\.png: not a readable image$"):
        next(iterator)


def test_it_starts_at_the_first_batch_not_before() -> None:
    stream = loader(2)
    iterator = iter(stream)
    assert len(iterator) == 3
    stream.sampler.set_epoch(1)  # Lightning says the epoch after it has asked for the iterator
    assert positions(iterator) == [[5, 6], [7, 8], [9]]


def test_unlike_sizes_are_said() -> None:
    samples = [{"a": torch.zeros(3, 8, 4)}, {"a": torch.zeros(3, 8, 6)}]
    failure = collate(list(samples))
    assert isinstance(failure, Failure)
    assert failure.message.startswith("images of unlike sizes in one batch (4x8 and 6x8): data.batch_size=1")
    batch = collate([samples[0], samples[0]])
    assert not isinstance(batch, Failure)
    assert batch["a"].shape == (2, 3, 8, 4)
