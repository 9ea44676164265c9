"""How each kind of case is run, model by model."""

from collections.abc import Callable

from tests.parity.golden import Case
from tests.parity.kinds import cyclegan_and_pix2pix

RUNNERS: dict[tuple[str, str], Callable[[Case], None]] = {
    (model, kind): run for model in ("pix2pix", "cyclegan") for kind, run in cyclegan_and_pix2pix.RUNNERS.items()
}
