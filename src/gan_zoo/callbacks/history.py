"""The logged numbers of a run, kept beside it, so that its page can go on after a resume."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from gan_zoo.errors import UserError

Series = list[tuple[int, float]]  # images seen and value
NOT_CURVES = ("epoch", "images_seen", "step")


class History(Logger):
    """A Lightning logger that appends to ``path``: a line of JSON whenever something is logged.

    Raises:
        UserError: the file cannot be written to.
    """

    def __init__(self, path: Path, images_seen: Callable[[], int]) -> None:
        super().__init__()
        self.path, self.images_seen = path, images_seen
        self.series: dict[str, Series] = {}

    @property
    def name(self) -> str:
        """Nothing: it decides no folder of other callbacks."""
        return ""

    @property
    def version(self) -> str:
        """Nothing."""
        return ""

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """The page has the configuration itself."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Keep the numbers, at the images seen by now."""
        images = self.images_seen()
        values = {name: float(value) for name, value in metrics.items() if name not in NOT_CURVES}
        if not values:
            return
        self._add(images, values)
        plain = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._write("a", json.dumps({"images": images, "values": plain}) + "\n")

    def begin(self, images: int) -> None:
        """Take up what was logged up to ``images``, and forget the rest: a resumed run will log it again."""
        self.series = {}
        kept = []
        for line in self.path.read_text().splitlines() if self.path.is_file() else []:
            try:
                record = json.loads(line)
                seen, values = int(record["images"]), dict(record["values"])
            except (ValueError, KeyError, TypeError):  # the last line of a killed run may be cut short
                continue
            if 0 < seen <= images:
                kept.append(line)
                self._add(seen, {name: math.nan if value is None else float(value) for name, value in values.items()})
        self._write("w", "".join(line + "\n" for line in kept))

    def _add(self, images: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.series.setdefault(name, []).append((images, value))

    def _write(self, mode: str, text: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open(mode) as file:
                file.write(text)
        except OSError as error:
            raise UserError(f"cannot write the run's history {self.path}: {error.strerror}; free some space") from error
