from gan_zoo.evaluation.job import Result
from gan_zoo.evaluation.report import notes, rows, table

RESULT = Result(
    values={"kid/ab": 0.25, "kid_std/ab": 0.125, "l1/ab": 1.0},
    protocols={"kid/ab": {"images": 7}, "kid_std/ab": {}, "l1/ab": {}},
    skipped={"fid": "no weights", "kid": "no weights", "cis": "no classifier"},
    warnings=["mind"],
)


def test_a_deviation_stands_behind_its_number() -> None:
    assert rows(RESULT) == [("kid/ab", "0.2500 ± 0.1250"), ("l1/ab", "1.0000")]
    lines = table(RESULT).splitlines()
    assert [line.split() for line in lines[1:]] == [["kid/ab", "0.2500", "±", "0.1250", "7"], ["l1/ab", "1.0000"]]


def test_what_is_missing_for_one_reason_is_said_once() -> None:
    assert notes(RESULT) == ["mind", "not measured: fid, kid: no weights", "not measured: cis: no classifier"]
