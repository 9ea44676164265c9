"""Tables that several code bases share (their values are tested with the models)."""

import pytest

from gan_zoo.errors import UserError
from gan_zoo.interop.options import GAMES, NORMS, SCHEDULES, check_known, choose
from gan_zoo.training.schedules import Plateau


def test_a_value_that_is_not_known_is_one_line() -> None:
    assert choose(NORMS, "batch", "norm") is NORMS["batch"]
    with pytest.raises(UserError, match=r"the reference has no norm 'bach' \(did you mean batch or syncbatch\?\)"):
        choose(NORMS, "bach", "norm")
    with pytest.raises(UserError, match=r"no gan_mode 'hinge' \(there are: "):
        choose(GAMES, "hinge", "gan_mode")


def test_an_option_that_is_not_known_is_one_line() -> None:
    known = {"ngf": 64}
    check_known("x", {"ngf": 1, "direction": "BtoA", "own": 2}, known, frozenset(("own",)))
    with pytest.raises(UserError, match=r"the reference of x has no option 'nfg' \(did you mean ngf\?\)"):
        check_known("x", {"nfg": 1}, known, frozenset())


def test_a_plateau_watches_what_its_model_logs() -> None:
    assert SCHEDULES["plateau"]({"lr": 1e-3, "lambda_L1": 1.0}) == Plateau("val/l1", smallest_fall=1e-8 / 1e-3)
    assert SCHEDULES["plateau"]({"lr": 1e-3}) == Plateau("val/cycle_a", smallest_fall=1e-8 / 1e-3)
