import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.metrics.distribution import FID
from gan_zoo.metrics.paired import L1
from gan_zoo.metrics.protocol import Unmeasurable, chosen, enough, finite, unit
from tests.unit.evaluation.nets import Tiny, judge


def test_a_protocol_names_all_options_and_the_network() -> None:
    found = FID(judge(Tiny())).protocol()
    assert (found["measure"], found["layer"], found["higher_is_better"]) == ("FID", "2048", False)
    assert found["judge"]["network"] == "tiny"
    assert len(found["judge"]["weights"]) == 16
    assert "judge" not in L1().protocol()


def test_of_several_outputs_one_is_chosen_by_name() -> None:
    outputs = {"first": torch.ones(2, 3, 1, 1), "second": torch.zeros(2, 4)}
    assert chosen(outputs, "second").shape == (2, 4)
    assert chosen(torch.ones(2, 3, 1, 1), "anything").shape == (2, 3)
    assert chosen({"only": torch.ones(2, 5)}, "anything").shape == (2, 5)
    with pytest.raises(UserError, match="no output third: there are first, second"):
        chosen(outputs, "third")


def test_small_sets_and_broken_numbers_are_said() -> None:
    with pytest.raises(Unmeasurable, match="it needs at least 2, and there are 1"):
        enough("it", 1, 2)
    rows = torch.ones(3, 2)
    assert finite(rows, "x") is rows
    rows[1, 0] = torch.nan
    with pytest.raises(UserError, match="features: 1 of 3 are not finite"):
        finite(rows, "features")


def test_bytes_become_the_range_of_networks() -> None:
    assert unit(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]
