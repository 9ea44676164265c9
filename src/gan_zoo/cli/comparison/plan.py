"""From settings to runs: which models on which data, and the words that train, measure and draw each of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from gan_zoo.cli import folders
from gan_zoo.cli.comparison import budget
from gan_zoo.cli.comparison.settings import Settings, named
from gan_zoo.cli.compose import Composer, quoted
from gan_zoo.cli.fill import LABELS, PAIRS, PICTURES, fill, header, kind_of_data
from gan_zoo.cli.guide import fits
from gan_zoo.cli.styles import unique
from gan_zoo.errors import UserError, nearest

SUMMARY = "summary.json"
ALSO_MEASURED = ("data", "trainer", "debug")  # groups whose words hold for measuring too


@dataclass(frozen=True)
class Job:
    """One run in its folder: train (unless there is a ``checkpoint`` already), measure, draw ``samples`` pictures."""

    name: str
    folder: str
    train: list[str] | None
    checkpoint: str
    measure: list[str]
    samples: int
    config_dir: str | None = None
    seed: int | None = None


@dataclass
class Plan:
    """All runs of a comparison; ``notes``: what was filled in; ``cfg``: the common part, composed for measuring."""

    jobs: list[Job]
    cfg: DictConfig
    notes: list[str] = field(default_factory=list)


def models_for(composer: Composer, words: Sequence[str], value: object) -> dict[str, str]:
    """The models that ``models`` names, or ``all`` that learn from the data that ``words`` name.

    Raises:
        UserError: there is none of a name, or it does not translate.
    """
    about = {name: header(composer, "model", name).get("data", "") for name in composer.options("model")}
    able = [name for name, data in about.items() if data != PICTURES]
    if value == "all":
        kind = kind_of_data(composer.compose([text for text in words if text.startswith("data")]))
        return {name: name for name in able if fits(about[name], kind) or (about[name] == LABELS and kind == PAIRS)}
    found = named(value, "models")
    for model in found.values():
        if model not in about:
            raise UserError(f"there is no model={model}{nearest(model, able)}")
        if model not in able:
            raise UserError(f"model={model} translates nothing, it samples{nearest('', able)}: gan-zoo sample shows it")
    return found


def checkpoints_for(value: object) -> dict[str, str]:
    """Checkpoints by name: of their run's folder, unless names are given.

    Raises:
        UserError: no such file.
    """
    found = named(value, "checkpoints")
    for text in found.values():
        if not Path(text).is_file():
            raise UserError(f"checkpoints: {text}: no such file")
    paths = [Path(text).resolve() for text in found.values()]
    if list(found) != list(found.values()):
        return {name: str(path) for name, path in zip(found, paths, strict=True)}
    names = [path.parent.parent.name if path.parent.name == folders.LAST.parent.name else path.stem for path in paths]
    return {name: str(path) for name, path in zip(unique(names), paths, strict=True)}


def make(settings: Settings, folder: Path, config_dir: str | None) -> Plan:
    """The runs; every configuration is composed, so that a mistake shows before anything is trained.

    Raises:
        UserError: whatever in the words makes a run impossible, with the model's name.
    """
    measure = [text for text in settings.words if text.lstrip("+~").startswith(ALSO_MEASURED)]
    if not any(text.startswith("data=") for text in measure):
        raise UserError(
            "compare on what? data=… is missing: gan-zoo compare models=[cyclegan,munit] data=NAME budget=…"
        )
    evaluator, trainer = (Composer(name, config_dir=config_dir) for name in ("evaluate", "train"))
    cfg = evaluator.compose([*measure, *settings.metrics, "checkpoint=none"])
    if kind_of_data(cfg) in (LABELS, PICTURES):
        raise UserError(f"compare takes translators of pictures, and data={cfg.data.name} are {kind_of_data(cfg)}")
    plan, samples = Plan([], cfg), wanted_samples(settings)
    for name, path in settings.checkpoints.items():
        place, words = folder / "runs" / name, [*measure, *settings.metrics]
        plan.jobs.append(Job(name, str(place), None, path, words, samples, config_dir))
    for name, model in settings.models.items():
        train, notes = training(trainer, settings, name, model, folder)
        plan.notes += notes
        for seed in settings.seeds:
            place, words = folder / "runs" / f"{name}-seed{seed}", [*measure, *settings.metrics]
            checkpoint, seeded = str(place / folders.LAST), [*train, f"seed={seed}"]
            plan.jobs.append(Job(name, str(place), seeded, checkpoint, words, samples, config_dir, seed))
    return plan


def wanted_samples(settings: Settings) -> int:
    """Test pictures that each model translates: for the page, and for the study's questions on each pair of models."""
    couples = math.comb(len(settings.names), 2)
    questions = math.ceil(settings.human / couples) if settings.human and couples else 0
    return max(settings.samples, questions)


def training(
    composer: Composer, settings: Settings, name: str, model: str, folder: Path
) -> tuple[list[str], list[str]]:
    """The words that train one model with any seed, and notes on what was filled in.

    Raises:
        UserError: with the model's name.
    """
    words = [f"model={model}", *settings.words, *settings.own.get(name, [])]
    try:
        filled = fill(composer, [*words, "trainer.max_epochs=-1"])
        cfg = composer.compose(filled.overrides)
        length = budget.parse(settings.budget)
        limits = length.overrides(budget.images_an_iteration(cfg))
        found = [text for text in filled.overrides if text != "trainer.max_epochs=-1"]
        if not length.iterations and not length.images and "n_iterations" in cfg.model.get("schedule", {}):
            found.append("model/schedule=constant")
            filled.notes.append("filled in: model/schedule=constant (a time has no number of iterations to halve)")
        found += [*limits, *_ours(words, cfg, folder)]
        composer.compose(found)
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    return found, [f"{name}: {note}" for note in filled.notes]


def _ours(words: list[str], cfg: Any, folder: Path) -> list[str]:
    """What compare adds: a summary; no validation, which would take of the budget, unless it is asked for."""
    added = [
        "+callbacks.summary._target_=gan_zoo.callbacks.summary.Summary",
        f"+callbacks.summary.path=${{run_dir}}/{SUMMARY}",
    ]
    if not any(text.startswith("trainer.limit_val_batches=") for text in words):
        added.append("trainer.limit_val_batches=0")
    if "wandb" in (cfg.get("logger") or {}):
        added.append(f"logger.wandb.group={quoted(folder.name)}")
    return added
