"""What the runs of a comparison gave, by model: means and deviations over seeds, and what became of each run."""

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_zoo.callbacks.charts import number
from gan_zoo.cli.comparison import drawing
from gan_zoo.cli.comparison.plan import Job
from gan_zoo.cli.comparison.record import FINISHED, RUNNING, Record

# Parts of a name that say which way is better, where no protocol does. The first that fits decides: lpips_diversity is
# better higher.
BETTER = (
    (
        re.compile(
            r"(^|[/_])(diversity|psnr|ssim|msssim|accuracy|iou|miou|inception_score|isc?|cis|coverage|content|recovered|domain)"
            r"\d*($|[/_])"
        ),
        max,
    ),
    (
        re.compile(r"(^|[/_])(l1|l2|mse|fid|kid|swd|lpips|cycle|idt|identity|recon|ppl|error|attributes)\d*($|[/_])"),
        min,
    ),
)
COSTS = {  # key in a run's record -> what the table calls it
    "images_per_second": "training, images a second",
    "memory_gb": "training, peak memory in GB",
    "minutes": "training, minutes",
    "iterations": "training, iterations",
    "images_seen": "training, images",
    "translations_per_second": "translations a second, one by one",
    "parameters": "parameters, all",
    "parameters_generator": "parameters, generator",
}


@dataclass(frozen=True)
class Value:
    """A mean over ``count`` runs, with the sample's standard deviation (None of one run)."""

    mean: float
    deviation: float | None
    count: int

    def text(self) -> str:
        """``0.1234 ± 0.0056``; thousands and millions are shortened."""
        if not self.deviation:  # of one run, or the same in all
            return number(self.mean)
        return f"{number(self.mean)} ± {_short(self.deviation, self.mean)}"


@dataclass
class Run:
    """One run: its record, and the numbers of its measures and costs."""

    job: Job
    record: Record
    metrics: dict[str, float]
    costs: dict[str, float]
    report: dict[str, Any]

    @property
    def state(self) -> str:
        """As the record has it; a run that nobody runs any more was cut off."""
        return "cut off" if self.record.state == RUNNING else self.record.state

    @property
    def label(self) -> str:
        """What it is called beside others of its model."""
        return self.job.name if self.job.seed is None else f"seed {self.job.seed}"


@dataclass
class Column:
    """One model of the comparison."""

    name: str
    runs: list[Run] = field(default_factory=list)

    @property
    def finished(self) -> list[Run]:
        """The runs that count."""
        return [run for run in self.runs if run.record.state == FINISHED]

    @property
    def shown(self) -> Run | None:
        """The run whose pictures stand for the model: the first that finished."""
        return next(iter(self.finished), None)

    def status(self, brief: bool = False) -> str:
        """One line: finished, or what became of the runs that did not; ``brief``: without what a reason explains."""
        if all(run.state == FINISHED for run in self.runs):
            return FINISHED if len(self.runs) == 1 else f"{len(self.runs)} runs finished"
        fates: dict[str, list[str]] = {}
        for run in self.runs:
            reason = re.split(r"[:;] |\. ", run.record.reason)[0] if brief else run.record.reason
            if run.state != FINISHED:
                fates.setdefault(f"{run.state}: {reason}" if reason else run.state, []).append(run.label)
        several = len(self.runs) > 1
        return "; ".join(f"{', '.join(labels)} {fate}" if several else fate for fate, labels in fates.items())

    def values(self, kind: str) -> dict[str, Value]:
        """``metrics`` or ``costs`` of the finished runs."""
        found: dict[str, list[float]] = {}
        for run in self.finished:
            for name, one in getattr(run, kind).items():
                found.setdefault(name, []).append(one)
        return {name: _value(many) for name, many in found.items()}

    def missing(self) -> str:
        """Which of several runs the numbers leave out."""
        return f"{len(self.finished)} of {len(self.runs)} runs" if 0 < len(self.finished) < len(self.runs) else ""


def read(jobs: Sequence[Job]) -> list[Column]:
    """The columns, in the order of the jobs."""
    columns: dict[str, Column] = {}
    for job in jobs:
        record, report = Record.read(Path(job.folder)), drawing.measures(Path(job.folder))
        metrics = {key: float(one) for key, one in report.get("metrics", {}).items() if _number(one)}
        run = Run(job, record, metrics, _costs(record), report)
        columns.setdefault(job.name, Column(job.name)).runs.append(run)
    return list(columns.values())


def rows(columns: Sequence[Column]) -> list[tuple[str, str, list[Value | None]]]:
    """``(kind, name, a value a column)``: metrics in the order of their names, then costs."""
    found: list[tuple[str, str, list[Value | None]]] = []
    for kind, names in (("metrics", None), ("costs", COSTS)):
        values = [column.values(kind) for column in columns]
        present = {name for one in values for name in one}
        for name in sorted(present) if names is None else [name for name in names if name in present]:
            found.append((kind, name, [one.get(name) for one in values]))
    return found


def best(name: str, values: Sequence[Value | None], columns: Sequence[Column] = ()) -> set[int]:
    """The columns with the best mean of a metric; none where there is nothing to compare, or no better way is known."""
    way = better(name, columns)
    known = [one.mean for one in values if one is not None and math.isfinite(one.mean)]
    if way is None or len(known) < 2:
        return set()
    return {i for i, one in enumerate(values) if one is not None and one.mean == way(known)}


def better(name: str, columns: Sequence[Column] = ()) -> Any:
    """``max`` or ``min``: which of two values of this metric is better, by its protocol, else by its name; None where
    neither says. A metric's own deviation is neither."""
    from gan_zoo.evaluation.report import ERROR

    if name.partition("/")[0].endswith(ERROR):
        return None
    protocols = (run.report.get("protocols", {}).get(name, {}) for column in columns for run in column.finished)
    for protocol in protocols:
        if "higher_is_better" in protocol:
            return max if protocol["higher_is_better"] else min
    return next((way for pattern, way in BETTER if pattern.search(name.lower())), None)


def as_json(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """All of it in plain containers."""
    return [
        {
            "name": column.name,
            "status": column.status(),
            **{
                kind: {key: _plain(vars(one)) for key, one in column.values(kind).items()}
                for kind in ("metrics", "costs")
            },
            "runs": [_run_as_json(run) for run in column.runs],
        }
        for column in columns
    ]


def as_rows(columns: Sequence[Column]) -> tuple[list[str], list[list[Any]]]:
    """A line a model, for loggers: names of columns, and the lines."""
    lines = rows(columns)
    heads = ["model", "status"]
    for _, name, values in lines:
        heads += [name, f"{name} deviation"] if any(one and one.deviation is not None for one in values) else [name]
    table: list[list[Any]] = []
    for i, column in enumerate(columns):
        line: list[Any] = [column.name, column.status()]
        for _, name, values in lines:
            one = values[i]
            line.append(None if one is None else one.mean)
            if f"{name} deviation" in heads:
                line.append(None if one is None else one.deviation)
        table.append(line)
    return heads, table


def _run_as_json(run: Run) -> dict[str, Any]:
    return {
        "seed": run.job.seed,
        "state": run.state,
        "reason": run.record.reason,
        "folder": run.job.folder,
        "checkpoint": run.job.checkpoint,
        "metrics": _plain(run.metrics),
        "costs": run.costs,
        "device": (run.record.trained or {}).get("device"),
    }


def _costs(record: Record) -> dict[str, float]:
    trained, facts = record.trained or {}, record.facts
    counts: Mapping[str, int] = facts.get("parameters", {})
    found = {key: trained.get(key) for key in ("images_per_second", "memory_gb", "iterations")}
    found["images_seen"] = trained.get("images_seen", facts.get("images_seen"))
    found["minutes"] = trained["seconds"] / 60 if "seconds" in trained else None
    found["translations_per_second"] = facts.get("translations_per_second")
    if counts:
        found |= {"parameters": sum(counts.values()), "parameters_generator": counts.get("generator")}
    return {key: float(one) for key, one in found.items() if one is not None and _number(one)}


def _plain(numbers: Mapping[str, float | None]) -> dict[str, float | None]:
    """JSON has no NaN and no infinity: they become null."""
    return {key: one if one is not None and math.isfinite(one) else None for key, one in numbers.items()}


def _value(many: Sequence[float]) -> Value:
    return Value(statistics.fmean(many), statistics.stdev(many) if len(many) > 1 else None, len(many))


def _number(one: Any) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool)


def _short(deviation: float, mean: float) -> str:
    """Two digits, in the mean's unit of thousands or millions."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(mean) >= size:
            return f"{deviation / size:.2g}{letter}"
    return f"{deviation:.2g}".replace("e-0", "e-")
