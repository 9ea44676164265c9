import json

import pytest

from gan_zoo.cli.comparison import table
from gan_zoo.cli.comparison.table import Value, better

from .conftest import Make


def test_means_and_deviations_over_seeds(ended: Make) -> None:
    columns = ended({"one": [{"test/l1": 1.0}, {"test/l1": 3.0}], "two": [{"test/l1": 2.5, "test/psnr": 20.0}]})
    values = columns[0].values("metrics")["test/l1"]
    assert (values.mean, values.deviation, values.count) == (2.0, pytest.approx(2**0.5), 2)
    assert columns[1].values("metrics")["test/psnr"] == Value(20.0, None, 1)
    lines = {name: many for _, name, many in table.rows(columns)}
    assert list(lines)[:2] == ["test/l1", "test/psnr"]
    assert lines["test/psnr"][0] is None
    assert lines["minutes"][0] == Value(1.5, pytest.approx(0.5**0.5), 2)
    assert lines["parameters"] == [Value(1500.0, 0.0, 2), Value(1500.0, None, 1)]


def test_runs_that_died_count_for_nothing_and_are_told(ended: Make) -> None:
    columns = ended({"one": [{"l1": 1.0}, "NaN in the loss"], "two": ["killed by SIGKILL"]})
    assert columns[0].values("metrics")["l1"] == Value(1.0, None, 1)
    assert columns[0].status() == "seed 1 died: NaN in the loss"
    assert columns[0].missing() == "1 of 2 runs"
    assert columns[1].status() == "died: killed by SIGKILL"
    assert columns[1].shown is None
    assert columns[1].values("costs") == {}
    found = json.loads(json.dumps(table.as_json(columns)))
    assert [run["state"] for run in found[0]["runs"]] == ["finished", "died"]
    assert found[0]["metrics"]["l1"] == {"mean": 1.0, "deviation": None, "count": 1}


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("test/l1", min),
        ("test/psnr", max),
        ("ms_ssim/ab", max),
        ("fid_inception_2048/ab", min),
        ("kid", min),
        ("lpips_alex/ab", min),
        ("lpips_diversity/ab", max),
        ("inception_score", max),
        ("test/cycle_a", min),
        ("truth_recovered/ab", max),
        ("truth_style_accuracy/ab", max),
        ("truth_domain/ab", max),
        ("truth_attributes_of_identity/ab", min),
        ("truth_l1_16px/ba", min),
        ("test/style", None),
        ("test/list", None),
        ("kid_std/ab", None),
    ],
)
def test_which_way_is_better(name: str, way: object) -> None:
    assert better(name) is way


def test_the_best(ended: Make) -> None:
    values = [Value(1.0, None, 1), None, Value(0.5, None, 1), Value(float("nan"), None, 1)]
    assert table.best("l1", values) == {2}
    assert table.best("psnr", values) == {0}
    assert table.best("style", values) == set()
    assert table.best("l1", values[:2]) == set()


def test_the_protocol_says_which_way_is_better(ended: Make) -> None:
    columns = ended({"one": [{"fid": 1.0}], "two": [{"fid": 2.0}]})
    values = [Value(1.0, None, 1), Value(2.0, None, 1)]
    assert table.best("fid", values, columns) == {0}
    columns[1].runs[0].report["protocols"] = {"fid": {"higher_is_better": True}}
    assert table.best("fid", values, columns) == {1}


def test_short_texts() -> None:
    assert Value(0.12345, 0.0321, 3).text() == "0.1235 ± 0.032"
    assert Value(12345678.0, 234567.0, 3).text() == "12.35M ± 0.23M"
    assert Value(11380000.0, 0.0, 2).text() == "11.38M"
    assert Value(0.868, 0.000081, 2).text() == "0.868 ± 8.1e-5"
    assert Value(2.0, None, 1).text() == "2"


def test_a_line_a_model(ended: Make) -> None:
    heads, lines = table.as_rows(ended({"one": [{"l1": 1.0}, {"l1": 3.0}], "two": ["no"]}))
    assert heads[:4] == ["model", "status", "l1", "l1 deviation"]
    assert lines[0][:3] == ["one", "2 runs finished", 2.0]
    assert lines[1][:4] == ["two", "died: no", None, None]
    assert all(len(line) == len(heads) for line in lines)


def test_fates_alike_are_told_once_and_briefly(ended: Make) -> None:
    reason = "adv_b became NaN by 2 images: training stops; lower the rate"
    [column] = ended({"one": [{"l1": 1.0}, reason, reason, "killed by SIGKILL, as the system does. Yes"]})
    assert column.status() == f"seed 1, seed 2 died: {reason}; seed 3 died: killed by SIGKILL, as the system does. Yes"
    assert column.status(brief=True) == (
        "seed 1, seed 2 died: adv_b became NaN by 2 images; seed 3 died: killed by SIGKILL, as the system does"
    )


def test_what_is_not_finite_is_null_in_json(ended: Make) -> None:
    [found] = table.as_json(ended({"one": [{"fid": float("inf")}]}))
    assert found["metrics"]["fid"] == {"mean": None, "deviation": None, "count": 1}
    assert found["runs"][0]["metrics"] == {"fid": None}
