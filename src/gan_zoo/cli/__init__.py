"""The command line, ``gan-zoo``: Hydra configs and arguments end here; nothing below knows of either."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's) and return its exit code."""
    from gan_zoo.cli.app import run

    return run(argv)


def train(cfg: "DictConfig") -> float | None:
    """Train what a composed configuration describes; see ``gan_zoo.cli.runs.train``."""
    from gan_zoo.cli.runs import train as train_run

    return train_run(cfg)
