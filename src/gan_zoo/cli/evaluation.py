"""``gan-zoo evaluate checkpoint=FILE data=NAME``: the model's measures on the data's test pictures, as metrics.json."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from gan_zoo.cli import folders
from gan_zoo.cli.compose import Composer, forget, parse, quoted
from gan_zoo.errors import UserError

PROTOCOL = "the model's own translate on the test split, prepared as data says for testing; means over images"
HELP = """\
usage: gan-zoo evaluate checkpoint=FILE data=NAME [key=value …]

Tests a checkpoint and writes its measures to metrics.json in a folder of its own (hydra.run.dir=DIR names one).
  data.root=DIR  data.direction=ba  trainer=gpu  trainer.limit_test_batches=10  --cfg job"""


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
            evaluate(cfg, folder)
        except Exception as error:
            caught.append(error)

    composer.hydra.run(composer.config_name, job, [*overrides, f"hydra.run.dir={quoted(str(folder))}"])
    if caught:
        folders.drop_if_unused(folder)
        raise caught[0]


def evaluate(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Test, print and write; returns what was written.

    Raises:
        UserError: the data's channels are not the model's.
    """
    from hydra.utils import instantiate
    from lightning import seed_everything

    import gan_zoo

    seed_everything(cfg.seed, workers=True, verbose=False)
    model, data = gan_zoo.load(cfg.checkpoint), instantiate(cfg.data)
    check_channels(str(cfg.checkpoint), dict(model.hparams["channels"]), data)
    trainer = instantiate(cfg.trainer, logger=False, enable_checkpointing=False)
    measured = trainer.test(model, datamodule=data, verbose=False)[0]
    report = {
        "metrics": measured,
        "model": type(model).__name__,
        "checkpoint": str(cfg.checkpoint),
        "images_seen": model.images_seen,
        "data": OmegaConf.to_container(cfg.data, resolve=True),
        "protocol": PROTOCOL,
    }
    write(report, folder / "metrics.json")
    for name, value in measured.items():
        print(f"{name:<16} {value:.4f}")
    print(f"written: {folder / 'metrics.json'}")
    return report


def check_channels(checkpoint: str, held: dict[str, int], data: Any) -> None:
    """Refuse data that the model cannot take.

    Raises:
        UserError: their channels differ.
    """
    if held != (given := dict(data.channels)):
        what = f"{checkpoint} takes channels {held}, data={data.name} gives {given}"
        raise UserError(f"{what}: name the data that it was trained on")


def write(report: dict[str, Any], path: Path) -> None:
    """JSON through a temporary name in the same folder."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(report, indent=2, default=str) + "\n", encoding="utf-8")
    os.replace(temporary, path)
