"""What ranks collect about samples, brought together in the order of the data."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from gan_zoo.errors import UserError
from gan_zoo.metrics.protocol import Unmeasurable


class Rows:
    """Rows of samples by their positions, each position once over all ranks."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.parts: dict[str, list[Tensor]] = {}

    def add(self, positions: Sequence[int], rows: Mapping[str, Tensor]) -> None:
        """Keep these rows, on the device where they are.

        Raises:
            Unmeasurable: they are of another shape than those before.
        """
        for name, part in rows.items():
            _alike([*self.parts.get(name, [])[:1], part])
        self.positions += [int(position) for position in positions]
        for name, part in rows.items():
            self.parts.setdefault(name, []).append(part.detach())

    def gathered(self) -> dict[str, Tensor]:
        """All ranks' rows in order, on the first rank; nothing on the others. Collective.

        Raises:
            UserError: ranks have rows of different shapes, or a position is there twice.
        """
        parts = {name: torch.cat(part) for name, part in self.parts.items()}
        collected = collect((self.positions, {name: part.cpu() for name, part in parts.items()} if several() else {}))
        if collected is None:
            return {}
        positions = [position for own, _ in collected for position in own]
        if several():
            held = [own for _, own in collected if own]
            parts = {name: torch.cat(_alike([own[name] for own in held])) for name in (held[0] if held else {})}
        if len(set(positions)) != len(positions):
            raise UserError("a sample was counted twice: another version of gan_zoo on one of the ranks?")
        order = torch.tensor(sorted(range(len(positions)), key=positions.__getitem__), dtype=torch.long)
        return {name: rows[order.to(rows.device)] for name, rows in parts.items()}

    @property
    def count(self) -> int:
        """Rows on this rank."""
        return len(self.positions)


def _alike(rows: list[Tensor]) -> list[Tensor]:
    shapes = {tuple(part.shape[1:]) for part in rows}
    if len(shapes) > 1:
        first, second = sorted(shapes)[:2]
        raise Unmeasurable(
            f"pictures of unlike sizes ({first[-1]}x{first[-2]} and {second[-1]}x{second[-2]}) cannot be compared "
            "as sets of pixels: take a data.preprocess that crops"
        )
    return rows


def several() -> bool:
    """Whether there are several processes."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def collect(thing: Any) -> list[Any] | None:
    """Every rank's thing, on the first rank; None on the others. Collective."""
    if not several():
        return [thing]
    first = dist.get_rank() == 0
    things: list[Any] | None = [None] * dist.get_world_size() if first else None
    dist.gather_object(thing, things)
    return things


def shared(thing: Any) -> Any:
    """The first rank's thing, on all ranks. Collective."""
    if not several():
        return thing
    holder = [thing]
    dist.broadcast_object_list(holder)
    return holder[0]
