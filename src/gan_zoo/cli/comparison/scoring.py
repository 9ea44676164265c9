"""``gan-zoo human-score ANSWERS… --key human-key.json``: which model was preferred to which, with 95 % intervals."""

import argparse
import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from gan_zoo.callbacks.files import write_text
from gan_zoo.cli.arguments import Parser
from gan_zoo.cli.comparison.study import FORMAT, KEY
from gan_zoo.errors import UserError

COLUMNS = ["study", "participant", "question", "choice"]
SIDES = ("left", "right")
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Answers:
    """One participant's: by question's id, "left" or "right"."""

    path: Path
    study: str
    participant: str
    choices: Mapping[str, str]


@dataclass(frozen=True)
class Preference:
    """How often one of two models was chosen, of so many answers."""

    model: str
    other: str
    chosen: int
    answers: int

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.chosen / self.answers

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %."""
        return wilson(self.chosen, self.answers)


def main(argv: Sequence[str]) -> int:
    """Print the preferences.

    Raises:
        UserError: files that are no answers, not all of them, or to another study.
    """
    args = _parse(argv)
    key = read_key(Path(args.key))
    answers = [read(Path(name)) for name in args.answers]
    check(answers, key, partial=args.partial)
    found = preferences(answers, key)
    for line in lines(found, key, answers):
        print(line)
    if args.json:
        content = [{**vars(one), "share": one.share, "interval": one.interval} for one in found]
        text = json.dumps({"study": key["study"], "participants": len(answers), "preferences": content}, indent=2)
        write_text(Path(args.json), text + "\n", "the preferences")
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="gan-zoo human-score", description="Answers to a comparison's blind study, as preferences.")
    parser.add_argument("answers", nargs="+", metavar="ANSWERS", help="what participants saved: JSON or CSV")
    parser.add_argument("--key", required=True, help=f"{KEY}, which lies beside the comparison's page")
    parser.add_argument("--partial", action="store_true", help="count answers of participants who did not finish too")
    parser.add_argument("--json", metavar="FILE", help="write the preferences there too")
    return parser.parse_args(list(argv))


def read_key(path: Path) -> dict[str, Any]:
    """The study's key. Raises ``UserError``: it is none."""
    try:
        key = json.loads(_text(path))
        if key["format"] != FORMAT or not key["study"] or len(key["models"]) < 2:
            raise ValueError("not of this format")
        sides = {one[side] for one in key["questions"].values() for side in SIDES}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no key of a study: it is {KEY}, beside the comparison's page") from error
    if not sides or not sides <= set(key["models"]):
        raise UserError(f"{path} is damaged: its questions do not name its models")
    return dict(key)


def read(path: Path) -> Answers:
    """A participant's file, JSON or CSV.

    Raises:
        UserError: it is neither, or not whole.
    """
    text = _text(path)
    try:
        study, participant, pairs = _from_json(text) if text.lstrip().startswith("{") else _from_csv(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = " (this is the key: it goes after --key)" if '"questions"' in text else ""
        raise UserError(
            f"{path} holds no answers as the study's page saves them{hint}: ask for the file again"
        ) from error
    if not pairs:
        raise UserError(f"{path} answers no question")
    choices: dict[str, str] = {}
    for question, choice in pairs:
        if choice not in SIDES:
            raise UserError(f"{path}: the answer to {question} is {choice!r}, neither left nor right")
        if question in choices:
            raise UserError(f"{path} answers {question} twice: one participant a file")
        choices[question] = choice
    return Answers(path, study, participant, choices)


def check(answers: Sequence[Answers], key: Mapping[str, Any], partial: bool) -> None:
    """Whether these are answers to this study, each participant's once.

    Raises:
        UserError: not so, with the file's name.
    """
    seen: dict[str, Path] = {}
    for one in answers:
        if one.study != key["study"]:
            raise UserError(f"{one.path} answers another study ({one.study}, the key is of {key['study']})")
        if strange := set(one.choices) - set(key["questions"]):
            raise UserError(f"{one.path} answers {min(strange)}, which this study does not ask: the file is damaged")
        if one.participant in seen:
            raise UserError(f"{one.path} and {seen[one.participant]} are of the same participant: give one of them")
        seen[one.participant] = one.path
        missing = len(key["questions"]) - len(one.choices)
        if missing and not partial:
            raise UserError(
                f"{one.path} answers {len(one.choices)} of {len(key['questions'])} questions: "
                "leave it out, or count it with --partial"
            )


def preferences(answers: Sequence[Answers], key: Mapping[str, Any]) -> list[Preference]:
    """One for each pair of models that was asked about, in the key's order."""
    counts: dict[tuple[str, str], list[int]] = {}
    order = {name: i for i, name in enumerate(key["models"])}
    for one in answers:
        for question, choice in one.choices.items():
            asked = key["questions"][question]
            model, other = sorted((asked["left"], asked["right"]), key=order.__getitem__)
            count = counts.setdefault((model, other), [0, 0])
            count[0] += asked[choice] == model
            count[1] += 1
    pairs = sorted(counts, key=lambda pair: (order[pair[0]], order[pair[1]]))
    return [Preference(*pair, *counts[pair]) for pair in pairs]


def lines(found: Sequence[Preference], key: Mapping[str, Any], answers: Sequence[Answers]) -> list[str]:
    """What is printed: pairs of models, and how often each model was chosen at all."""
    people = f"{len(answers)} participant{'' if len(answers) == 1 else 's'}"
    text = [f"{key['question']} {people}, {sum(one.answers for one in found)} answers; 95 % intervals (Wilson)", ""]
    names = [f"{one.model} over {one.other}" for one in found]
    width = max(map(len, [*names, *key["models"]]))
    text += [f"{name:<{width}}  {_percent(one.chosen, one.answers)}" for name, one in zip(names, found, strict=True)]
    text.append("")
    for model in key["models"]:
        mine = [
            (one.chosen if one.model == model else one.answers - one.chosen, one.answers)
            for one in found
            if model in (one.model, one.other)
        ]
        won, asked = sum(chosen for chosen, _ in mine), sum(count for _, count in mine)
        text += [f"{model:<{width}}  {_percent(won, asked)}"] if asked else []
    return text


def wilson(chosen: int, answers: int, z: float = Z) -> tuple[float, float]:
    """The interval of a share: (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n) (Wilson 1927, eq. of 1.)."""
    share, weight = chosen / answers, z * z / answers
    middle, half = share + weight / 2, z * math.sqrt(share * (1 - share) / answers + weight / (4 * answers))
    return max(0.0, (middle - half) / (1 + weight)), min(1.0, (middle + half) / (1 + weight))


def _percent(chosen: int, answers: int) -> str:
    low, high = wilson(chosen, answers)
    verdict = "" if low <= 0.5 <= high else "  *"
    return f"{100 * chosen / answers:5.1f} %  [{100 * low:5.1f}, {100 * high:5.1f}]  of {answers} answers{verdict}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UserError(f"{path} cannot be read: {reason}") from error


def _from_json(text: str) -> tuple[str, str, list[tuple[str, str]]]:
    content = json.loads(text)
    if content["format"] != FORMAT:
        raise ValueError("not of this format")
    return str(content["study"]), str(content["participant"]), list(content["answers"].items())


def _from_csv(text: str) -> tuple[str, str, list[tuple[str, str]]]:
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if not rows or rows[0] != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise ValueError("not these columns")
    whose = {(row[0], row[1]) for row in rows[1:]}
    if len(whose) > 1:
        raise ValueError("several participants")
    study, participant = next(iter(whose), ("", ""))
    return study, participant, [(row[2], row[3]) for row in rows[1:]]
