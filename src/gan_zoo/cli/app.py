"""Which command does what, and how an error becomes one line. Imports nothing heavy: ``gan-zoo --help`` is quick."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from gan_zoo import __version__
from gan_zoo.cli.report import one_line
from gan_zoo.errors import UserError, nearest

COMMANDS = {  # name -> (module with a ``main(arguments)``, what the help says)
    "train": ("training", "train a model; the same as `python train.py`, in Hydra's language"),
    "evaluate": ("evaluation", "test a checkpoint on data: checkpoint=FILE data=NAME"),
    "compare": ("comparison.command", "several models under one budget: models=[a,b] data=NAME budget=2000it"),
    "human-score": ("comparison.scoring", "answers to a comparison's blind study, as preferences with intervals"),
    "translate": ("translation", "translate pictures and folders with a checkpoint"),
    "sample": ("sample", "pictures of ProGAN and StyleGAN: grids, truncation, mixing tables, ways, animations"),
    "features": ("features", "looks of instances: encode them for training, or cluster them for translate"),
    "import": ("weights", "turn weights of a reference implementation into a checkpoint"),
    "data": ("data", "list, download and check data sets"),
    "models": ("zoo", "the zoo: papers, data, parameters, recipes, parity"),
    "proof": ("proof.command", "train every model in a world whose truth is known, and judge it there"),
    "benchmark": ("speed", "speed, floating-point operations and memory of a training iteration"),
}
EXAMPLES = """\
  gan-zoo train                                     the demo: repairs scratched photographs, in minutes
  gan-zoo train model=cyclegan data=horse2zebra     a paper's recipe on a data set
  gan-zoo train --help                              models, data sets, recipes, options
  gan-zoo translate last.ckpt photos/ --output out"""


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line; errors become one line on stderr and exit code 1 (GAN_ZOO_TRACEBACK=1: the traceback)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if words[0] in ("-V", "--version"):
        print(f"gan-zoo {__version__}")
        return 0
    return _guarded(lambda: _command(words[0])(words[1:]))


def usage() -> str:
    """The text of ``gan-zoo --help``."""
    lines = "\n".join(f"  {name:<12} {says}" for name, (_, says) in COMMANDS.items())
    return (
        f"usage: gan-zoo COMMAND …\n\nGAN image translators, exact to their references.\n\n{lines}\n\n{EXAMPLES}\n\n"
        "`gan-zoo COMMAND --help` says more. GAN_ZOO_TRACEBACK=1 shows where an error came from."
    )


def _command(name: str) -> Callable[[list[str]], int]:
    if name not in COMMANDS:
        raise UserError(f"there is no command {name!r}{nearest(name, COMMANDS)}: gan-zoo --help lists them")
    command: Callable[[list[str]], int] = import_module(f"gan_zoo.cli.{COMMANDS[name][0]}").main
    return command


def _guarded(action: Callable[[], int]) -> int:
    try:
        return action()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except SystemExit as error:
        if type(error).__name__ != "SIGTERMException":  # Lightning's, which would end as if all were done
            raise
        if error.code == 0:  # a further rank: the first one speaks
            return 0
        print("stopped by SIGTERM: resume=true goes on from the last checkpoint", file=sys.stderr)
        return 143
    except Exception as error:
        if os.environ.get("GAN_ZOO_TRACEBACK") == "1":
            raise
        line = one_line(error)
        if not _tell_parent(line):
            print(f"error: {line}", file=sys.stderr)
        return 1


def _tell_parent(line: str) -> bool:
    """Leave the line to the process that started this rank, which shows one for all of them."""
    folder, rank = os.environ.get("GAN_ZOO_RANK_ERRORS"), os.environ.get("LOCAL_RANK", "0")
    if not folder or rank == "0":
        return False
    try:
        with open(os.path.join(folder, rank), "w", encoding="utf-8") as file:
            file.write(line)
    except OSError:
        return False
    return True
