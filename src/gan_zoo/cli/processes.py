"""Processes that run a part of this package for another one, and end with it."""

import os
import signal
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

HOME = str(Path(__file__).resolve().parents[2])  # where the package is, also for an interpreter that was told by a path


def command(module: str, function: str, *words: str) -> list[str]:
    """What starts ``module.function(list(words))`` in a process of its own, whose status is what that returns.

    It ends as on SIGTERM when this process, which has to be the one that starts it, is gone.
    """
    start = f"import sys; sys.path.insert(0, {HOME!r}); from gan_zoo.cli.processes import enter; sys.exit(enter())"
    return [sys.executable, "-c", start, str(os.getpid()), module, function, *words]


def enter() -> int:
    """What such a process does."""
    parent, module, function, *words = sys.argv[1:]
    _watch(int(parent))
    status: int = getattr(import_module(module), function)(words)
    return status


def fate(code: int) -> str:
    """How a process with this return code ended."""
    if code >= 0:
        return f"ended with status {code}"
    hint = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
    return f"killed by {signal.Signals(-code).name}{hint}"


def _watch(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="gan_zoo-parent").start()
