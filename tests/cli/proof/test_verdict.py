import math

import pytest

from gan_zoo.cli.proof.verdict import Check, Verdict


@pytest.mark.parametrize(
    ("value", "above", "kept"),
    [(0.5, False, True), (0.6, False, False), (0.6, True, True), (0.4, True, False), (math.nan, False, False)],
)
def test_a_check_is_kept_within_its_limit(value: float, above: bool, kept: bool) -> None:
    assert Check("x", value, 0.5, "", above).kept is kept


def test_all_checks_must_be_kept_and_there_must_be_some() -> None:
    good, bad = Check("x", 0.1, 0.5, "why"), Check("y", 0.9, 0.5, "why")
    assert Verdict([good]).learned
    assert not Verdict([good, bad]).learned
    assert not Verdict([]).learned


def test_plain_containers_say_what_was_found() -> None:
    plain = Verdict([Check("x", 0.1, 0.5, "why")], {"other": 2.0}, [], ["output"]).plain()
    assert plain["learned"] is True
    assert plain["checks"][0] == {
        "what": "x",
        "value": 0.1,
        "limit": 0.5,
        "because": "why",
        "above": False,
        "kept": True,
    }
    assert plain["others"] == {"other": 2.0}
