"""What a judge says: measures with their limits, and whether all of them are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """One measure and its limit, which ``because`` derives; ``above``: the limit is the least that passes."""

    what: str
    value: float
    limit: float
    because: str
    above: bool = False

    @property
    def kept(self) -> bool:
        """Whether the value is within its limit; NaN never is."""
        return self.value >= self.limit if self.above else self.value <= self.limit


@dataclass
class Verdict:
    """The checks, what else was measured, and the rows of a picture (Pillow images) with their names."""

    checks: list[Check]
    others: Mapping[str, float] = field(default_factory=dict)
    rows: Sequence[Sequence[Any]] = ()
    names: Sequence[str] = ()

    @property
    def learned(self) -> bool:
        """Whether all checks are kept, of which there must be some."""
        return bool(self.checks) and all(check.kept for check in self.checks)

    def plain(self) -> dict[str, Any]:
        """Without the picture, for a file."""
        checks = [asdict(check) | {"kept": check.kept} for check in self.checks]
        return {"learned": self.learned, "checks": checks, "others": dict(self.others), "names": list(self.names)}
