"""The papers' user study: a page of questions, each an input and two models' translations, of which one is chosen.

Blind and randomised: which model is left or right is in no part of the page, only in the key beside it. Every pair of
models gets as many questions as any other (one more or less), each with another input, and is left as often as right.
"""

import json
import random
from collections.abc import Sequence
from html import escape
from itertools import combinations, cycle
from math import comb
from pathlib import Path
from string import Template
from typing import Any

from PIL import Image

from gan_zoo.callbacks.files import write_text
from gan_zoo.callbacks.page import jpeg_url, stylesheet
from gan_zoo.cli.comparison import drawing
from gan_zoo.cli.comparison.settings import Settings
from gan_zoo.cli.comparison.table import Column
from gan_zoo.errors import UserError

PAGE, KEY = "human.html", "human-key.json"
FORMAT = "gan_zoo human study 1"
WAY = "ab"
QUALITY = 95  # of the pictures, the same for all


def check(settings: Settings, folder: Path, inputs: int) -> None:
    """Whether there can be so many questions.

    Raises:
        UserError: not with so few test pictures; or another study lies in the folder, to which there may be answers.
    """
    if not settings.human:
        return
    couples = comb(len(settings.names), 2)
    if settings.human > couples * inputs:
        raise UserError(
            f"human={settings.human}: {len(settings.names)} models and {inputs} test pictures give "
            f"{couples * inputs} different questions; ask for fewer"
        )
    key = folder / KEY
    if key.is_file():
        with key.open(encoding="utf-8") as file:
            asked = len(json.load(file).get("questions", {}))
        if asked != settings.human:
            raise UserError(
                f"{folder / PAGE} asks {asked} questions, and human={settings.human}: answers need its key, "
                f"so nothing is written over it; move {PAGE} and {KEY} away first"
            )


def make(folder: Path, settings: Settings, columns: Sequence[Column], draws: random.Random | None = None) -> str:
    """Write the page and its key, unless they are there; a line on what was done."""
    if (folder / KEY).is_file() and (folder / PAGE).is_file():
        return f"study:      {folder / PAGE} (as it was: answers to it may be on their way)"
    able = {column.name: column.shown for column in columns if column.shown}
    able = {name: run for name, run in able.items() if WAY in run.record.facts.get("directions", ())}
    if len(able) < len(columns):
        return f"study:      not yet: {len(able)} of {len(columns)} models have pictures"
    draws = draws or random.SystemRandom()
    inputs = sorted(path.name for path in (folder / drawing.INPUTS / WAY[0]).glob("*.png"))
    asked = questions(list(able), inputs, int(settings.human or 0), draws)
    study = f"{draws.getrandbits(64):016x}"
    pictures = {name: Path(run.job.folder) / "pictures" / WAY for name, run in able.items() if run}
    shown = [
        {
            "id": one["id"],
            "input": _picture(folder / drawing.INPUTS / WAY[0] / one["input"]),
            **{side: _picture(pictures[one[side]] / one["input"]) for side in ("left", "right")},
        }
        for one in asked
    ]
    key = {
        "format": FORMAT,
        "study": study,
        "question": settings.question,
        "models": list(able),
        "questions": {one["id"]: {part: one[part] for part in ("left", "right", "input")} for one in asked},
    }
    write_text(folder / KEY, json.dumps(key, indent=2) + "\n", "the study's key")
    write_text(folder / PAGE, _html(study, settings.question, shown), "the study's page")
    return f"study:      {folder / PAGE} ({len(asked)} questions; its key, to be kept back: {folder / KEY})"


def questions(models: Sequence[str], inputs: Sequence[str], count: int, draws: random.Random) -> list[dict[str, str]]:
    """``id``, ``left``, ``right`` (models) and ``input`` of each question, in the order in which they are asked."""
    couples = list(combinations(models, 2))
    draws.shuffle(couples)
    rest = {couple: iter(draws.sample(list(inputs), len(inputs))) for couple in couples}
    first = {couple: draws.random() < 0.5 for couple in couples}
    found = []
    for couple, _ in zip(cycle(couples), range(count), strict=False):
        left, right = couple if first[couple] else couple[::-1]
        first[couple] = not first[couple]
        found.append({"left": left, "right": right, "input": next(rest[couple])})
    draws.shuffle(found)
    names = draws.sample(range(16**6), count)
    return [{"id": f"{name:06x}", **one} for name, one in zip(names, found, strict=True)]


def _html(study: str, question: str, shown: Sequence[dict[str, Any]]) -> str:
    content = json.dumps({"format": FORMAT, "study": study, "questions": shown}).replace("</", "<\\/")
    template = Template(Path(__file__).with_name("study.html").read_text(encoding="utf-8"))
    return template.substitute(style=stylesheet(), question=escape(question), count=len(shown), study=content)


def _picture(path: Path) -> str:
    with Image.open(path) as image:
        return jpeg_url(image, QUALITY)
