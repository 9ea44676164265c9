"""How each kind of case is run, model by model."""

from collections.abc import Callable

from tests.parity.golden import Case
from tests.parity.kinds import bicyclegan, cyclegan_and_pix2pix, growing, munit, pix2pixhd, reals, ugatit

RUNNERS: dict[tuple[str, str], Callable[[Case], None]] = {
    (model, kind): run
    for models, family in (
        (("pix2pix", "cyclegan"), cyclegan_and_pix2pix),
        (("bicyclegan",), bicyclegan),
        (("pix2pixhd",), pix2pixhd),
        (("munit", "unit", "sa_munit"), munit),
        (("ugatit",), ugatit),
        (("progan", "stylegan"), growing),
        (("stylegan",), reals),
    )
    for model in models
    for kind, run in family.RUNNERS.items()
}
