"""What a comparison leaves: ``compare.json``, ``compare.html``, a table at W&B, the study, a few lines on screen."""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gan_zoo.callbacks.files import write_json, write_text
from gan_zoo.cli.comparison import study, table
from gan_zoo.cli.comparison.page import Page
from gan_zoo.cli.comparison.plan import Job, Plan
from gan_zoo.cli.comparison.record import FINISHED
from gan_zoo.cli.comparison.settings import Settings
from gan_zoo.cli.comparison.table import Column
from gan_zoo.cli.compose import Composer
from gan_zoo.errors import UserError

PAGE, NUMBERS = "compare.html", "compare.json"


def write(folder: Path, settings: Settings, planned: Plan, about: dict[str, Any], config_dir: str | None) -> None:
    """Everything that is made of the runs' records.

    Raises:
        UserError: a file cannot be written.
    """
    columns = table.read(planned.jobs)
    shown = _facts(settings, planned, about, columns)
    content = {
        "settings": asdict(settings),
        "about": dict(shown),
        "models": table.as_json(columns),
    }
    write_json(folder / NUMBERS, content, "the comparison's numbers")
    page = Page(
        title=f"{', '.join(settings.names)} on {planned.cfg.data.name}",
        subtitle=_subtitle(settings, columns),
        columns=columns,
        folder=folder,
        samples=settings.samples,
        paired=about["paired"],
        facts=shown,
        command=command(folder, settings),
    )
    write_text(folder / PAGE, page.html(), "the page")
    if settings.human:
        print(study.make(folder, settings, columns), flush=True)
    log(folder, settings, columns, config_dir)


def conclude(jobs: Sequence[Job], folder: Path, failure: str | None) -> None:
    """The table on screen, and where things lie.

    Raises:
        UserError: no run finished.
    """
    columns = table.read(jobs)
    runs = [run for column in columns for run in column.runs]
    bad = [run for run in runs if run.state != FINISHED]
    if len(bad) < len(runs):
        print(text(columns), flush=True)
    print(f"page:       {folder / PAGE}")
    for run in bad:
        print(f"{Path(run.job.folder).name} {run.state}: {run.record.reason or 'not finished'}", file=sys.stderr)
    again = f"gan-zoo compare folder={folder} resume=true goes on with what is unfinished"
    if failure:
        raise UserError(f"the launcher failed: {failure}; {again}")
    if len(bad) == len(runs):
        raise UserError(f"no run finished: the lines above say why; {again}")
    if bad:
        print(f"{len(bad)} of {len(runs)} runs did not finish; {again}", file=sys.stderr)


def text(columns: Sequence[Column]) -> str:
    """The numbers in lines: a name and a value a model."""
    lines = [("", [column.name for column in columns])]
    for _, name, values in table.rows(columns):
        lines.append((table.COSTS.get(name, name), ["–" if one is None else one.text() for one in values]))
    first = max(len(name) for name, _ in lines)
    wide = [max(len(cells[i]) for _, cells in lines) for i in range(len(columns))]
    return "\n".join(
        f"{name:<{first}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, wide, strict=True))
        for name, cells in lines
    )


def command(folder: Path, settings: Settings) -> str:
    """The words that make this comparison again, in this folder."""
    words = []
    for key in ("models", "checkpoints"):
        if named := getattr(settings, key):
            plain = key == "models" and all(name == model for name, model in named.items())
            listed = (
                f"[{','.join(named)}]" if plain else f"{{{','.join(f'{name}: {one}' for name, one in named.items())}}}"
            )
            words.append(f"{key}={listed}")
    words += [*settings.words, *(f"budget={settings.budget}" for _ in settings.models), *settings.metrics]
    words += [_prefixed(name, one) for name, many in settings.own.items() for one in many]
    if settings.models and settings.seeds != [0]:
        words.append(f"seeds=[{','.join(map(str, settings.seeds))}]")
    words += [f"human={settings.human}"] if settings.human else []
    return shlex.join(["gan-zoo", "compare", *words, f"folder={folder}"])


def log(folder: Path, settings: Settings, columns: Sequence[Column], config_dir: str | None) -> None:
    """The numbers as a table of W&B, where ``logger=`` has one, in a run of the comparison's own."""
    chosen = [one for one in settings.words if one.lstrip("+").startswith("logger")]
    node: Any = Composer("train", config_dir=config_dir).compose(chosen).get("logger") if chosen else None
    if "wandb" not in (node or {}):
        return
    from gan_zoo.callbacks.loggers import finish, wandb_logger

    handled = ("_target_", "save_dir", "name", "group", "tags", "config", "log_model")
    more: Any = {str(key): node.wandb[key] for key in node.wandb if key not in handled}
    logger = wandb_logger(
        folder, name=f"compare-{folder.name}", group=folder.name, tags=["compare"], config=asdict(settings), **more
    )
    try:
        heads, lines = table.as_rows(columns)
        logger.log_table(key="comparison", columns=heads, data=lines)
    finally:
        finish()


def _subtitle(settings: Settings, columns: Sequence[Column]) -> str:
    fine = sum(all(run.state == FINISHED for run in column.runs) for column in columns)
    parts = [f"budget {settings.budget} each"] if settings.models else ["checkpoints as they are"]
    if settings.models:
        parts.append(f"{'seed' if len(settings.seeds) == 1 else 'seeds'} {', '.join(map(str, settings.seeds))}")
    return " · ".join([*parts, f"{fine} of {len(columns)} models finished", time.strftime("%Y-%m-%d %H:%M")])


def _facts(
    settings: Settings, planned: Plan, about: dict[str, Any], columns: Sequence[Column]
) -> list[tuple[str, str]]:
    import torch

    reports = [run.report for column in columns for run in column.finished if run.report]
    devices = {str((run.record.trained or {}).get("device")) for column in columns for run in column.finished} - {
        "None"
    }
    found = [("data", str(about["data"])), ("for all models", " ".join(settings.words) or "nothing")]
    found += [(f"for {name}", " ".join(words)) for name, words in settings.own.items()]
    found += [("filled in", note.replace("filled in: ", "")) for note in planned.notes]
    protocols = dict.fromkeys(str(report["protocol"]) for report in reports if report.get("protocol"))
    found += [("measured", "; ".join(protocols))] if protocols else []
    remarks = dict.fromkeys(line for report in reports for line in remarks_of(report))
    found += [("remark", line) for line in remarks]
    found += [("trained on", ", ".join(sorted(devices)))] if devices else []
    found.append(
        ("pictures", "the last weights of each run; styles, where a model has them, are drawn by the row's number")
    )
    found += [(column.name, column.status()) for column in columns if len(column.finished) < len(column.runs)]
    return [*found, ("software", f"torch {torch.__version__}, Python {sys.version.split()[0]}")]


def remarks_of(report: dict[str, Any]) -> list[str]:
    """What measuring warned of, and what it left out."""
    skipped = (
        f"{report.get('model')}: {name} not measured: {line}" for name, line in report.get("skipped", {}).items()
    )
    return [*report.get("warnings", []), *skipped]


def _prefixed(name: str, word: str) -> str:
    rest = word.lstrip("+~")
    return f"{word[: len(word) - len(rest)]}{name}.{rest}"
