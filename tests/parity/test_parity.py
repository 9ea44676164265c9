"""Every golden case, run through ``gan_zoo.interop`` and the public classes, by its kind and config alone.

``GAN_ZOO_GOLDEN=DIR pytest tests/parity`` holds the cases of another folder.
"""

from pathlib import Path

import pytest

from tests.parity import golden
from tests.parity.kinds import RUNNERS

CASES = golden.folders()


def test_there_are_cases() -> None:
    assert CASES, "no golden case was found"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_case(folder: Path) -> None:
    case = golden.Case(folder)
    run = RUNNERS.get((case.model, case.kind))
    assert run is not None, f"no test knows how to run a case of kind {case.kind!r} of {case.model!r}"
    with golden.fixed_dropout():
        run(case)
    assert not case.untouched(), f"nothing compared {sorted(case.untouched())}"
