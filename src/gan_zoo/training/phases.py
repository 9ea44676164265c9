"""Schedules that know a run's level of detail: 0 is the full size of what grows, 1 half of it.

References: tkarras/progressive_growing_of_gans @ 2504c3f and NVlabs/stylegan @ 1e0d5c7 (``training_loop``).
"""

import math
from typing import Any

from gan_zoo.training.schedules import Schedule


class Phased(Schedule):
    """Remembers the level of detail of the iteration before, also in checkpoints."""

    before = -1.0

    def lod(self, images: int) -> float:
        """The level of detail at a time of ``clock``."""
        raise NotImplementedError(f"{type(self).__name__} must say the level of detail")

    def now(self, run: Any) -> float:
        """The level of detail of a run (a ``GANModule``)."""
        return self.lod(self.clock(run))

    def begins(self, lod: float) -> bool:
        """Told each iteration's level of detail: whether optimisers begin anew with it."""
        renewed, self.before = renews(self.before, lod), lod
        return renewed

    def state_dict(self) -> dict[str, Any]:
        """The level of detail of the latest iteration."""
        return {"lod": self.before}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore it."""
        self.before = state.get("lod", -1.0)


def renews(before: float, now: float) -> bool:
    """Whether optimisers begin anew between two levels of detail: where a fade starts or ends."""
    return math.floor(before) != math.floor(now) or math.ceil(before) != math.ceil(now)
