import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.evaluation.rows import Rows, collect, several, shared
from gan_zoo.metrics.protocol import Unmeasurable


def test_rows_come_back_in_the_order_of_their_positions() -> None:
    rows = Rows()
    rows.add([4, 5], {"x": torch.tensor([[4.0], [5.0]]), "y": torch.tensor([40, 50])})
    rows.add([1], {"x": torch.tensor([[1.0]]), "y": torch.tensor([10])})
    found = rows.gathered()
    assert found["x"].flatten().tolist() == [1, 4, 5]
    assert found["y"].tolist() == [10, 40, 50]
    assert rows.count == 3
    assert Rows().gathered() == {}


def test_a_sample_counts_once() -> None:
    rows = Rows()
    rows.add([1, 1], {"x": torch.zeros(2)})
    with pytest.raises(UserError, match="counted twice"):
        rows.gathered()


def test_pictures_of_unlike_sizes_are_no_set_of_pixels() -> None:
    rows = Rows()
    rows.add([0], {"x": torch.zeros(1, 3, 8, 8)})
    with pytest.raises(Unmeasurable, match="unlike sizes"):
        rows.add([1], {"x": torch.zeros(1, 3, 8, 16)})
    assert rows.count == 1


def test_one_process_keeps_what_it_has() -> None:
    assert not several()
    assert collect("mine") == ["mine"]
    assert shared("mine") == "mine"
