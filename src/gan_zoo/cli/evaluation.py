"""``gan-zoo evaluate checkpoint=FILE data=NAME metrics=[…]``: a model's measures, on the screen and as metrics.json."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from gan_zoo import launch
from gan_zoo.callbacks.files import write_json
from gan_zoo.cli import folders, runs
from gan_zoo.cli.compose import Composer, forget, parse, quoted
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from gan_zoo.evaluation.job import Result

PROTOCOL = "the model's own translate on the test split, prepared as data says for testing; means over images"
HELP = """\
usage: gan-zoo evaluate checkpoint=FILE data=NAME [key=value …]

Tests a checkpoint and writes its measures to metrics.json in a folder of its own (hydra.run.dir=DIR names one).
  metrics=[fid,kid]  metrics=paired|unpaired|unconditional  judges.inception.weights=FILE  evaluation.samples=1000
  data.root=DIR  data.direction=ba  trainer=gpu  --cfg job"""


def main(argv: Sequence[str]) -> int:
    """Evaluate.

    Raises:
        UserError: no checkpoint or data named, or they do not fit.
    """
    args = parse(argv, "evaluate")
    composer = Composer.of(args)
    try:
        if args.help:
            print(HELP)
            return 0
        for key in ("checkpoint", "data"):
            if not any(text.startswith(f"{key}=") for text in args.overrides):
                raise UserError(f"evaluate what? {key}=… is missing: gan-zoo evaluate checkpoint=FILE data=NAME")
        cfg = composer.compose(args.overrides)
        if args.cfg:
            composer.hydra.show_cfg(composer.config_name, args.overrides, args.cfg, args.package, args.resolve)
            return 0
        _evaluate(composer, cfg, args.overrides)
    finally:
        forget()
    return 0


def _evaluate(composer: Composer, cfg: DictConfig, overrides: list[str]) -> None:
    folder = Path(cfg.hydra.run.dir)
    if any(text.startswith("hydra.run.dir=") for text in overrides):
        folder.mkdir(parents=True, exist_ok=True)
    else:
        folder = folders.claim(folder)
    caught: list[Exception] = []

    def job(cfg: DictConfig) -> None:
        """Keep exceptions from Hydra's own way of printing them."""
        try:
            with launch.job("evaluate"), runs.tidy(), runs.hushed():
                evaluate(cfg, folder)
        except Exception as error:
            caught.append(error)

    quiet = [] if launch.is_first_rank() else ["hydra.output_subdir=null", "hydra/job_logging=none"]
    composer.hydra.run(composer.config_name, job, [*overrides, f"hydra.run.dir={quoted(str(folder))}", *quiet])
    if caught:
        folders.drop_if_unused(folder)
        raise caught[0]


def evaluate(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Measure, print and write; returns what was written.

    ``metrics`` holds the numbers by key, ``protocols`` what each depends on, ``skipped`` what could not be measured.

    Raises:
        UserError: the data's channels are not the model's; a metric does not fit them; none could be had.
    """
    from hydra.utils import instantiate
    from lightning import seed_everything

    import gan_zoo
    from gan_zoo.cli.evaluation_page import write_page

    seed_everything(cfg.seed, workers=True, verbose=False)
    model, data = gan_zoo.load(cfg.checkpoint), instantiate(cfg.data)
    check_channels(str(cfg.checkpoint), channels(model), data)
    trainer = instantiate(cfg.trainer, logger=_loggers(cfg, model), enable_checkpointing=False)
    began = time.perf_counter()
    result = measured(cfg, trainer, model, data)
    report = {
        "metrics": result.values,
        "protocols": result.protocols,
        "skipped": result.skipped,
        "warnings": result.warnings,
        "model": type(model).__name__,
        "checkpoint": str(cfg.checkpoint),
        "images_seen": model.images_seen,
        "data": OmegaConf.to_container(cfg.data, resolve=True),
        "protocol": PROTOCOL,
        "seconds": round(time.perf_counter() - began, 3),
    }
    if trainer.is_global_zero:
        tell(result, report, folder, trainer)
        print(f"gallery: {write_page(result, report, model, data, folder)}")
    return report


def measured(cfg: DictConfig, trainer: Any, model: Any, data: Any) -> "Result":
    """The metrics that were asked for; without any, what the model logs under ``test/``."""
    from gan_zoo.evaluation import build
    from gan_zoo.evaluation.bout import Bout
    from gan_zoo.evaluation.job import Result

    if measures := build.build(cfg.get("metrics")):
        bout = Bout(measures, model, data, build.settings(cfg.get("evaluation")))
        trainer.test(bout, verbose=False)
        return bout.result
    values: dict[str, float] = dict(trainer.test(model, datamodule=data, verbose=False)[0])
    return Result(values, {name: {"images": "", "protocol": PROTOCOL} for name in values})


def tell(result: "Result", report: dict[str, Any], folder: Path, trainer: Any) -> None:
    """On the screen, to the loggers, and as files."""
    from gan_zoo.evaluation.report import notes, table

    write_json(folder / "metrics.json", report, "the metrics")
    for logger in trainer.loggers:
        logger.log_metrics({f"metrics/{name}": value for name, value in result.values.items()})
        logger.finalize("success")
    print(table(result))
    for line in notes(result):
        print(f"warning: {line}", file=sys.stderr)
    print(f"written: {folder / 'metrics.json'}")


def _loggers(cfg: DictConfig, model: Any) -> Any:
    """The group ``logger``; tags are the model and the data, neither of which Hydra has been told to choose."""
    from hydra.utils import instantiate

    found = []
    for one in runs.members(cfg.get("logger")):
        if "tags" in one:
            one.tags = [type(model).__name__.lower(), str(cfg.data.get("name", ""))]
        found.append(instantiate(one))
    return found or False


def channels(model: Any) -> dict[str, int]:
    """What a model takes and gives, as its data call it."""
    held = model.hparams["channels"]
    return dict(held) if isinstance(held, Mapping) else {"image": int(held)}


def check_channels(checkpoint: str, held: dict[str, int], data: Any) -> None:
    """Refuse data that the model cannot take.

    Raises:
        UserError: their channels differ.
    """
    if held != (given := dict(data.channels)):
        what = f"{checkpoint} takes channels {held}, data={data.name} gives {given}"
        raise UserError(f"{what}: name the data that it was trained on")
