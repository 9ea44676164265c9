"""The page of a proof, written from what ran."""

from collections.abc import Sequence
from typing import Any

from gan_zoo.cli.proof.plan import in_words
from gan_zoo.cli.proof.runner import Result

INTRODUCTION = """\
# Proof of learning

Each model of the zoo, trained by `make proof` in a [world whose truth is known](worlds.md) and judged on test scenes
that no training saw. Networks are narrow and trainings short, so that all of it fits two CPU cores and two hours: the
question is whether each objective, as it is coded here, teaches what it should, not how good it can get. Recipes are in
`conf/experiment/proof/`, limits in `src/gan_zoo/cli/proof/judges.py`. The command writes this page, of what ran;
minutes are those of training and of judging, on one core.
"""
CONTROLS = """\
## Negative controls

The same recipes with something taken away that learning needs. They must fail.
"""
PICTURES = """\
## Pictures

The first test scenes, none chosen.
"""


def page(results: Sequence[Result], facts: str, pictures: str) -> str:
    """Markdown; ``facts`` says when, where and how long, ``pictures`` where the pictures lie from the page."""
    models = [result for result in results if not result.trial.without]
    controls = [result for result in results if result.trial.without]
    parts = [INTRODUCTION, facts, _table(models, _learned), _measures(models)]
    if controls:
        parts += [CONTROLS, _table(controls, _failed), _measures(controls)]
    return "\n".join([*parts, PICTURES, *(_shown(result, pictures) for result in models if result.verdict)])


def _table(results: Sequence[Result], word: Any) -> str:
    lines = ["| training | seed | recipe | minutes | verdict |", "|---|---|---|---|---|"]
    for result in results:
        trial, minutes = result.trial, f"{result.seconds / 60:.1f} + {result.judging / 60:.1f}"
        name = trial.model + (f", without {trial.without}" if trial.without else "")
        lines.append(f"| {name} | {trial.seed} | {in_words(trial)} | {minutes} | {word(result)} |")
    return "\n".join(lines) + "\n"


def _learned(result: Result) -> str:
    return f"**died**: {result.died}" if result.died else "learned" if result.verdict["learned"] else "**not learned**"


def _failed(result: Result) -> str:
    if result.died:
        return f"died: {result.died}"
    return "**learned all the same**" if result.verdict["learned"] else "fails, as it must"


def _measures(results: Sequence[Result]) -> str:
    lines = ["| training | measure | value | limit | of |", "|---|---|---|---|---|"]
    for result in results:
        for check in result.verdict.get("checks", []):
            sign, value = ("≥" if check["above"] else "≤"), f"{check['value']:.4g}"
            shown = value if check["kept"] else f"**{value}**"
            limit = f"{sign} {check['limit']:.4g}"
            lines.append(f"| {result.trial.name} | {check['what']} | {shown} | {limit} | {check['because']} |")
    return "\n".join(lines) + "\n"


def _shown(result: Result, pictures: str) -> str:
    rows, name = "; ".join(result.verdict["names"]), result.trial.name
    others = ", ".join(f"{what} {value:.4g}" for what, value in result.verdict["others"].items())
    measured = f"\n\nMeasured beside: {others}." if others else ""
    return f"### {name}\n\n![{name}: {rows}]({pictures}/{name}.jpg)\n\nRows: {rows}.{measured}\n"
