"""The command line of ``gan-zoo proof``."""

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from gan_zoo.callbacks.files import write_text
from gan_zoo.cli.compose import Composer, forget, parse
from gan_zoo.cli.proof import plan, runner
from gan_zoo.cli.proof.page import page
from gan_zoo.errors import UserError

HELP = """\
usage: gan-zoo proof [key=value …]

Trains every model in a world whose truth is known, judges it there, and writes docs/proof.md. What is done stays done.
  only=[pix2pix,cyclegan]  jobs=1  folder=proofs  page=null  pictures=DIR  --cfg job"""


def main(argv: Sequence[str]) -> int:
    """Prove; 0 where every model learned and every negative control failed.

    Raises:
        UserError: a name or recipe that is not there; a folder of another proof; a model that did not learn.
    """
    args = parse(argv, "proof")
    composer = Composer.of(args)
    try:
        if args.help:
            print(HELP)
            return 0
        cfg = composer.compose(args.overrides)
        if args.cfg:
            composer.hydra.show_cfg(composer.config_name, args.overrides, args.cfg, args.package, args.resolve)
            return 0
        trials = plan.read(cfg)
    finally:
        forget()
    typed = [text.lstrip("+~").partition("=")[0] for text in args.overrides]
    if cfg.only is not None and "page" not in typed:
        cfg.page = None  # that of all models stays as it is
    _prove(cfg, trials)
    return 0


def _prove(cfg: DictConfig, trials: list[plan.Trial]) -> None:
    from gan_zoo.cli.proof.judges import is_current, judge

    folder, pictures = Path(cfg.folder), Path(cfg.pictures)
    runner.check(trials, folder)
    results = runner.run(
        trials,
        folder,
        int(cfg.jobs),
        lambda trial, file: judge(trial, file, pictures),
        lambda trial, verdict: is_current(trial, verdict, pictures),
    )
    if cfg.page:
        where = os.path.relpath(pictures, Path(cfg.page).parent)
        write_text(Path(cfg.page), page(results, facts(results, int(cfg.jobs)), where), "the page")
        print(f"written: {cfg.page}")
    wrong = [result.trial.name for result in results if not result.holds]
    if wrong:
        raise UserError(f"not proved: {', '.join(wrong)}; their measures are in {cfg.folder}/NAME/{runner.RECORD}")


def facts(results: Sequence[runner.Result], jobs: int) -> str:
    """Where, when and how long."""
    import torch

    def minutes(some: Sequence[runner.Result]) -> str:
        return f"{sum(result.seconds + result.judging for result in some) / 60:.0f} minutes of one core"

    first = {result.trial.model: result for result in reversed(results) if not result.trial.without}
    where = f"{platform.machine()}, PyTorch {torch.__version__}, {time.strftime('%Y-%m-%d')}"
    ran = f"{len(results)} trainings, {jobs} at a time: {minutes(results)}"
    return f"{ran}, of which the first of each model ({len(first)}) took {minutes(list(first.values()))}. {where}.\n"
