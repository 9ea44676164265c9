"""``gan-zoo compare models=[…] data=NAME budget=…``: several models under one budget, side by side on one page."""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from gan_zoo import launch
from gan_zoo.cli import folders
from gan_zoo.cli.comparison import budget, drawing, plan, results
from gan_zoo.cli.comparison.attempt import Attempts, done
from gan_zoo.cli.comparison.plan import Job, Plan
from gan_zoo.cli.comparison.record import Record
from gan_zoo.cli.comparison.settings import Settings, Typed, merged, take_apart
from gan_zoo.cli.compose import Composer, forget, parse, quoted
from gan_zoo.cli.evaluation import check_channels
from gan_zoo.cli.report import one_line
from gan_zoo.errors import UserError, nearest

HELP = """\
usage: gan-zoo compare models=[NAME,…] data=NAME budget=2000it|50kimg|30min [key=value …]
       gan-zoo compare checkpoints=[FILE,…] data=NAME
       gan-zoo compare folder=DIR resume=true

Trains models under one budget, measures them on the test pictures, and shows them side by side: compare.html.
  models=all                  every translator that learns from the data;  models={small: munit, large: munit}
  seeds=[0,1,2]               a run with each: mean ± deviation
  cyclegan.model.ngf=32       for one model (cyclegan.model.generator.ngf=32, cyclegan.experiment=…)
  data.crop_size=128 …        everything else of gan-zoo train holds for all:  trainer=gpu  debug=tiny  logger=wandb
  hydra/launcher=joblib       runs side by side;  submitit_slurm: on a cluster
  metrics=…                   as for gan-zoo evaluate
  samples=6                   test pictures on the page
  --human N                   also a blind study of N questions: human.html, whose key is human-key.json
  folder=DIR                  unfinished runs of an earlier comparison go on (resume=true: or say that there is none)"""


def main(argv: Sequence[str]) -> int:
    """Compare; 0 where at least one model finished.

    Raises:
        UserError: whatever in the command or its data makes a comparison impossible; no run finished.
    """
    args = parse(_human(argv), "compare")
    try:
        if args.help:
            print(HELP)
            return 0
        if args.multirun:
            raise UserError("compare is no sweep, leave out -m: models=[…] seeds=[…] say what is trained")
        if launch.started_elsewhere():
            raise UserError("compare starts its runs itself: type it once, with hydra/launcher=submitit_slurm")
        folder, settings, typed = understand(args.overrides, args.config_dir)
        if args.cfg:
            print(OmegaConf.to_yaml(asdict(settings)).rstrip())
            return 0
        compare(folder, settings, typed.launcher, args.config_dir)
    finally:
        forget()
    return 0


def understand(overrides: Sequence[str], config_dir: str | None) -> tuple[Path | None, Settings, Typed]:
    """The folder, if it is named, and what is asked for, that folder's settings included.

    Raises:
        UserError: a mistake in the words, or a folder of another comparison.
    """
    named = [text.partition("=")[2].strip("'\"") for text in overrides if text.startswith("folder=")]
    folder = Path(named[-1]).resolve() if named and named[-1] not in ("", "null") else None
    known = None if folder is None else Settings.read(folder)
    trainer = Composer("train", config_dir=config_dir)
    zoo, reserved = trainer.options("model"), {*map(str, trainer.compose([])), *trainer.groups(), "metrics"}
    typed = take_apart(overrides, known, reserved, zoo)
    if typed.keys.get("resume") and known is None:
        where = "name its folder: folder=DIR" if folder is None else f"{folder} holds none"
        raise UserError(f"resume=true goes on with a comparison: {where}")
    if known is None and folder is not None and folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty and holds no comparison: name another folder")
    words = typed.words or (known.words if known else [])
    if typed.keys.get("models") is not None:
        typed.keys["models"] = plan.models_for(trainer, words, typed.keys["models"])
    if typed.keys.get("checkpoints") is not None:
        typed.keys["checkpoints"] = plan.checkpoints_for(typed.keys["checkpoints"])
    settings = merged(typed, known, folder)
    check(settings)
    return folder, settings, typed


def check(settings: Settings) -> None:
    """Whether the settings make a comparison.

    Raises:
        UserError: not so.
    """
    if bool(settings.models) == bool(settings.checkpoints):
        both = "not both: models are trained, checkpoints taken as they are"
        what = both if settings.models else "gan-zoo compare models=[cyclegan,munit] data=NAME budget=2000it"
        raise UserError(f"compare what? Name models=[…] or checkpoints=[…], {what}")
    if settings.models and settings.budget is None:
        raise UserError("budget=… is missing: the same for all, as 2000it, 50kimg or 30min")
    if settings.budget is not None:
        budget.parse(settings.budget)
    if settings.checkpoints and (settings.budget or settings.own):
        raise UserError("checkpoints are trained already: leave out budget=… and words for one model")
    seeds: Any = settings.seeds
    if not isinstance(seeds, list) or not seeds or not all(type(one) is int and one >= 0 for one in seeds):
        raise UserError(f"seeds={seeds}: write a list of numbers, as in seeds=[0,1,2]")
    if len(set(seeds)) < len(seeds):
        raise UserError(f"seeds={seeds}: each seed once")
    for key in ("samples", "human"):
        value = getattr(settings, key)
        if value is not None and (type(value) is not int or value < 1):
            raise UserError(f"{key}={value}: write a number above 0")
    if settings.human and len(settings.names) < 2:
        raise UserError("human=… asks for the better of two: name two models or more")
    if strange := sorted(set(settings.own) - set(settings.names)):
        raise UserError(
            f"{strange[0]}.…: there is no {strange[0]} in this comparison{nearest(strange[0], settings.names)}"
        )


def compare(folder: Path | None, settings: Settings, launcher: Sequence[str], config_dir: str | None) -> None:
    """Train, measure and draw what is not done yet; write the page whatever became of the runs.

    Raises:
        UserError: see ``main``.
    """
    place = folder or folders.claim(_default_folder(settings))
    try:
        planned = plan.make(settings, place, config_dir)
        about = prepare(planned, settings, place)
        settings.write(place)
    except BaseException:
        if folder is None:  # nothing of worth is in it yet
            folders.drop_if_unused(place)
        raise
    for note in planned.notes:
        print(note, flush=True)
    try:
        failure = run(planned.jobs, settings, place, launcher, config_dir)
    except BaseException:  # an interrupt: the page says how far it came
        with suppress(Exception):
            results.write(place, settings, planned, about, config_dir)
        print(f"stopped: gan-zoo compare folder={place} resume=true goes on", file=sys.stderr)
        raise
    results.write(place, settings, planned, about, config_dir)
    results.conclude(planned.jobs, place, failure)


def prepare(planned: Plan, settings: Settings, folder: Path) -> dict[str, Any]:
    """The inputs as files; what is to be said of the data.

    Raises:
        UserError: the data are wrong, too few for the study, or not what the checkpoints take.
    """
    from hydra.utils import instantiate

    from gan_zoo.cli.comparison.study import check as check_study
    from gan_zoo.training.checkpoint_io import read

    data = instantiate(planned.cfg.data)
    held = {name: read(path).get("hyper_parameters", {}).get("channels") for name, path in settings.checkpoints.items()}
    for name, channels in held.items():
        if channels is None:
            raise UserError(f"checkpoints: {name} holds no translator of pictures")
        check_channels(settings.checkpoints[name], dict(channels), data)
    count = planned.jobs[0].samples
    check_study(settings, folder, len(drawing.samples(data, count)["a"]))
    return drawing.write_inputs(data, count, folder)


def run(
    jobs: Sequence[Job], settings: Settings, folder: Path, launcher: Sequence[str], config_dir: str | None
) -> str | None:
    """Give what is left to do to the launcher; what went wrong with it, if something did."""
    left = []
    for job in jobs:
        ready = done(job, record := Record.read(Path(job.folder)))
        left += [] if ready else [job]
        print(
            f"{'run:':<11} {Path(job.folder).name} {'finished before: left out' if ready else _todo(record)}",
            flush=True,
        )
    if not left:
        return None
    composer = Composer("train" if settings.models else "evaluate", config_dir=config_dir)
    common = [text for text in settings.words if text.startswith("trainer")] if settings.models else left[0].measure
    common = [*common, *([] if settings.models else ["checkpoint=none"]), *launcher]
    common += [f"hydra.sweep.dir={quoted(str(folder))}", "hydra/hydra_logging=none"]
    try:
        composer.launch(Attempts(left, os.getpid()), common, [_words(job, folder) for job in left])
    except Exception as error:  # a cluster's job that was cut off, for one: the records say how far each run came
        if os.environ.get("GAN_ZOO_TRACEBACK") == "1":
            raise
        return one_line(error)
    return None


def _words(job: Job, folder: Path) -> list[str]:
    words = job.train or [*job.measure, f"checkpoint={quoted(job.checkpoint)}"]
    place = Path(job.folder).relative_to(folder)
    return [*words, f"hydra.sweep.subdir={quoted(str(place))}", "hydra.output_subdir=null", "hydra/job_logging=none"]


def _todo(record: Record) -> str:
    before = f" (it {record.state}{': ' + record.reason if record.reason else ''})" if record.state in _ENDED else ""
    return ("goes on" if record.trained or before else "to be run") + before


_ENDED = ("died", "stopped")


def _default_folder(settings: Settings) -> Path:
    names = [text.partition("=")[2] for text in settings.words if text.startswith("data=")]
    return Path("comparisons") / f"{names[-1] if names else 'data'}-{time.strftime('%Y-%m-%d-%H-%M-%S')}"


def _human(argv: Sequence[str]) -> list[str]:
    """``--human 20`` and ``--human=20`` as ``human=20``.

    Raises:
        UserError: no number follows.
    """
    words: list[str] = []
    left = iter(argv)
    for word in left:
        if word == "--human":
            value = next(left, "")
            if not value.isdigit():
                raise UserError("--human needs a number of questions: --human 50")
            words.append(f"human={value}")
        else:
            words.append(word[2:] if word.startswith("--human=") else word)
    return words
