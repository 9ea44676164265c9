"""``gan-zoo train`` and ``train.py``: from the command line to one run, or to a sweep of runs."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from omegaconf import DictConfig

from gan_zoo import launch
from gan_zoo.cli import folders, runs
from gan_zoo.cli.compose import Composer, forget, parse, quoted
from gan_zoo.cli.fill import fill
from gan_zoo.cli.guide import train_help
from gan_zoo.errors import UserError


def main(argv: Sequence[str]) -> int:
    """Train; 0 where it went well (in a sweep: where one trial did).

    Raises:
        UserError: whatever in the command or its data makes training impossible.
    """
    args = parse(argv, "train")
    composer = Composer.of(args)
    try:
        if args.help:
            print(train_help(composer))
        elif args.cfg or args.info or args.hydra_help or args.shell_completion:
            show(composer, args)
        else:
            _train(composer, args)
    finally:
        forget()
    return 0


def show(composer: Composer, args: argparse.Namespace) -> None:
    """Hydra's own pages: --cfg, --info, --hydra-help, --shell-completion."""
    from hydra._internal.utils import get_args_parser

    hydra, overrides = composer.hydra, fill(composer, args.overrides).overrides
    composer.compose(overrides, multirun=args.multirun)
    if args.cfg:
        hydra.show_cfg(composer.config_name, overrides, args.cfg, args.package, args.resolve)
    elif args.info:
        hydra.show_info(args.info, config_name=composer.config_name, overrides=overrides)
    elif args.hydra_help:
        hydra.hydra_help(composer.config_name, get_args_parser(), args)
    else:
        hydra.shell_completion(composer.config_name, overrides)


def _train(composer: Composer, args: argparse.Namespace) -> None:
    filled = fill(composer, args.overrides)
    cfg = composer.compose(filled.overrides, multirun=args.multirun)
    if launch.is_first_rank():
        for note in filled.notes:
            print(note, flush=True)
    if args.multirun or str(cfg.hydra.mode).endswith("MULTIRUN"):
        sweep(composer, filled.overrides)
    else:
        single(composer, cfg, filled.overrides)


def single(composer: Composer, cfg: DictConfig, overrides: list[str]) -> float | None:
    """One run in a folder of its own (or, resuming, in the folder of the run it goes on with)."""
    typed = _has(overrides, "hydra.run.dir")
    if cfg.get("stages") and not typed and launch.started_elsewhere():
        raise UserError("stages on a cluster's processes need hydra.run.dir=DIR, on a disk that all of them see")
    folder = folders.run_folder(cfg, typed=typed)
    overrides = [text for text in overrides if not text.startswith("hydra.run.dir=")]
    quiet = [] if launch.is_first_rank() else ["hydra.output_subdir=null", "hydra/job_logging=none"]
    try:
        value: float | None = composer.run(runs.train, [*overrides, f"hydra.run.dir={quoted(str(folder))}", *quiet])
    except Exception:
        folders.drop_if_unused(folder)
        raise
    return value


def sweep(composer: Composer, overrides: list[str]) -> None:
    """All runs of a sweep, each in a folder of its own below the sweep's.

    Raises:
        UserError: no trial went well.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)  # Optuna's storage, listing its plugins
    cfg = composer.compose(overrides, multirun=True)
    folders.check_sweeper(cfg)
    if not _has(overrides, "hydra.sweep.dir"):
        overrides = [*overrides, f"hydra.sweep.dir={quoted(str(folders.claim(Path(cfg.hydra.sweep.dir))))}"]
    try:
        returns = composer.hydra.multirun(composer.config_name, runs.trial, overrides)
    except ValueError as error:
        if "No trials are completed" in str(error):
            raise UserError("every trial of the sweep failed: the lines above say why") from error
        raise
    trials = list(_flat(returns))
    if trials and all(isinstance(trial.return_value, runs.FailedTrial) for trial in trials):
        raise UserError(f"all {len(trials)} trials of the sweep failed: the lines above say why")
    if failed := sum(isinstance(trial.return_value, runs.FailedTrial) for trial in trials):
        print(f"{failed} of {len(trials)} trials failed", file=sys.stderr)


def _flat(returns: Any) -> list[JobReturn]:
    """Hydra's nested lists of returns as one; sweepers like Optuna's give none."""
    if isinstance(returns, JobReturn):
        return [returns]
    return [job for item in returns or [] for job in _flat(item)]


def _has(overrides: list[str], key: str) -> bool:
    return any(text.startswith(f"{key}=") for text in overrides)
