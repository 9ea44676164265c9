"""Cases about pictures as data: how real ones are prepared, and how made ones become bytes."""

import re

from gan_zoo.data.levels import prepared, to_bytes
from tests.parity.golden import Case


def data(case: Case) -> None:
    """What stands under a level of detail (``lod1p5_in``) is prepared; what is called ``x`` becomes bytes."""
    if "x" in case.arrays:
        case.compare("y", to_bytes(case.fed("x")), rtol=0, atol=0)
    mirrored = [case.config["mirror_augment"] and draw >= 0.5 for draw in case.config.get("mirror_draws", ())]
    for name in list(case.arrays):
        if found := re.fullmatch(r"lod(\d+)p(\d+)_in", name):
            lod = float(f"{found[1]}.{found[2]}")
            case.compare(name.replace("_in", "_out"), prepared(case.fed(name), mirrored, lod), rtol=0, atol=1e-6)


RUNNERS = {"data": data}
