"""How long each run of a comparison trains: iterations, images or time, the same for all."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan_zoo.errors import UserError

FORM = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
ITERATIONS = {"it": 1}
IMAGES = {"img": 1, "kimg": 1_000, "Mimg": 1_000_000}
SECONDS = {"s": 1, "min": 60, "h": 3600}
EXAMPLES = "2000it, 50kimg (img, kimg, Mimg) or 30min (s, min, h)"


@dataclass(frozen=True)
class Budget:
    """One of the three is above 0; ``text`` is how it was typed."""

    text: str
    iterations: int = 0
    images: int = 0
    seconds: int = 0

    def overrides(self, images_an_iteration: int) -> list[str]:
        """The trainer's length, for a model that takes so many images an iteration; its own epochs do not count."""
        steps, time = self.iterations or math.ceil(self.images / images_an_iteration) or -1, "null"
        if self.seconds:
            days, rest = divmod(self.seconds, 86400)
            time = f"'{days:02}:{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}'"
        return ["trainer.max_epochs=-1", f"trainer.max_steps={steps}", f"trainer.max_time={time}"]


def parse(text: object) -> Budget:
    """``2000it``, ``50kimg``, ``30min``.

    Raises:
        UserError: anything else, or nothing to train with.
    """
    found = FORM.fullmatch(str(text).strip())
    if found is None:
        raise UserError(f"budget={text} is not understood: write {EXAMPLES}")
    amount, unit = float(found[1]), found[2]
    for name, units in (("iterations", ITERATIONS), ("images", IMAGES), ("seconds", SECONDS)):
        if unit in units:
            whole = round(amount * units[unit])
            if whole < 1 or abs(whole - amount * units[unit]) > 1e-6:
                raise UserError(f"budget={text} is not a whole number of {name} above 0: write {EXAMPLES}")
            return Budget(str(text).strip(), **{name: whole})
    raise UserError(f"budget={text} has no unit {unit!r}: write {EXAMPLES}")


def images_an_iteration(cfg: Mapping[str, Any]) -> int:
    """Images of one iteration over devices and micro-batches, of a composed configuration.

    Raises:
        UserError: the number of devices is not known before the run.
    """
    trainer: Any = cfg["trainer"]
    devices = trainer.get("devices", 1)
    if not isinstance(devices, int) or devices < 1:
        raise UserError(f"a budget in images needs a number of devices: trainer.devices={devices} is none")
    size: int = cfg["data"].get("batch_size", 1)
    return size * devices * int(trainer.get("num_nodes") or 1) * int(trainer.get("accumulate_grad_batches") or 1)
