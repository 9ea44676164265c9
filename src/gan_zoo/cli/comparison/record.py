"""What is known of each run of a comparison, in a file of its folder: it survives whatever ends the process."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gan_zoo.callbacks.files import write_json
from gan_zoo.launch import is_first_rank

NAME = "run.json"
WAITING, RUNNING, FINISHED, DIED, STOPPED = "waiting", "running", "finished", "died", "stopped"


@dataclass
class Record:
    """How far a run has come.

    ``state`` is one of those above: DIED with a ``reason``, STOPPED from outside. ``trained``: what training took, once
    it is over; ``measured`` and ``drawn``: the words that its measures and pictures were made with; ``facts``: of the
    model.
    """

    state: str = WAITING
    reason: str = ""
    step: str = ""  # training | measuring | drawing
    trained: dict[str, Any] | None = None
    measured: list[str] | None = None
    drawn: list[str] | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """The folder's record; a new one where there is none, or none that could be read."""
        try:
            content = json.loads((folder / NAME).read_text(encoding="utf-8"))
            return cls(**content)
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, folder: Path) -> None:
        """Whole or not at all, by the first rank.

        Raises:
            UserError: the disk is full, or the folder cannot be written to.
        """
        if is_first_rank():
            write_json(folder / NAME, asdict(self), "the run's record")

    def ended(self, state: str, reason: str = "") -> "Record":
        """The same in another state."""
        self.state, self.reason = state, reason
        return self
