"""What was typed for a comparison: its own keys, words for all runs, words for one model; kept in its folder.

A comparison is gone on with by its folder: what is not typed again is as it was, and what makes it this comparison
(models, data, budget, seeds, words) cannot be another.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf

from gan_zoo.callbacks.files import write_json
from gan_zoo.cli.compose import Composer, conf_dir
from gan_zoo.errors import UserError, nearest

FILE = "comparison.json"
FIXED = ("models", "checkpoints", "budget", "seeds", "words", "own")
LAUNCH = ("hydra/launcher", "hydra.launcher", "hydra.searchpath")
REFUSED = {  # keys of training that compare answers itself
    "model": "name the models: models=[…]",
    "experiment": "name it for one model: NAME.experiment=…",
    "seed": "name the seeds: seeds=[…]",
    "stage": "a comparison trains whole models",
    "ckpt_path": "a comparison goes on by folder=DIR resume=true",
    "run_dir": "name the comparison's folder: folder=DIR",
    "trainer.max_epochs": "the budget says how long: budget=…",
    "trainer.max_steps": "the budget says how long: budget=…",
    "trainer.max_time": "the budget says how long: budget=…",
    "trainer.fast_dev_run": "it leaves nothing to compare",
}
MEASURING = ("metrics", "judges", "evaluation")  # groups that are about measuring: training measures nothing here
SAME = ("data", "seed", "trainer", *MEASURING)  # groups that are the same for all models
SAME_IN: tuple[str, ...] = (  # and so is what they hold, but for how a model takes its pictures: sizes and batches
    *(f"{group}." for group in ("trainer", *MEASURING)),
    *(f"data.{key}" for key in ("root", "name", "world", "direction", "dataset", "seed")),
)
OWN_NAME = re.compile(r"[A-Za-z]\w*")


@dataclass
class Settings:
    """A comparison as it was asked for. ``words`` hold for every run, ``own`` for the models of these names."""

    models: dict[str, str] = field(default_factory=dict)  # name -> model of the zoo
    checkpoints: dict[str, str] = field(default_factory=dict)  # name -> file
    budget: str | None = None
    seeds: list[int] = field(default_factory=lambda: [0])
    words: list[str] = field(default_factory=list)
    own: dict[str, list[str]] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=list)
    samples: int = 6
    human: int | None = None
    question: str = ""

    @property
    def names(self) -> list[str]:
        """Of the columns, in their order."""
        return [*self.models, *self.checkpoints]

    @classmethod
    def read(cls, folder: Path) -> "Settings | None":
        """Those of the comparison in a folder; None where there is none.

        Raises:
            UserError: its file cannot be read.
        """
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise UserError(f"{path} cannot be read ({error}): name another folder") from error

    def write(self, folder: Path) -> None:
        """Keep them in the folder. Raises ``UserError``."""
        write_json(folder / FILE, asdict(self), "the comparison's settings")


@dataclass
class Typed:
    """One command line, taken apart; ``launcher``: Hydra's words on where runs run."""

    keys: dict[str, Any]  # compare's own, those that were typed only
    words: list[str]
    own: dict[str, list[str]]
    metrics: list[str]
    launcher: list[str]


def take_apart(overrides: Sequence[str], known: Settings | None, reserved: set[str], zoo: Sequence[str]) -> Typed:
    """Sort a command line's words. ``known``: the settings in the folder, if any; ``reserved``: training's keys and
    groups; ``zoo``: all models' names.

    Raises:
        UserError: a word that compare does not take, and what to write instead.
    """
    defaults: Any = OmegaConf.load(conf_dir() / "compare.yaml")
    mine = [text for text in overrides if _key(text) in defaults]
    others = [_plain(text) for text in overrides if _key(text) not in defaults]
    for text in overrides:
        _refuse_sweep(text)
    composed = Composer("compare").compose(mine)
    keys: Any = {key: OmegaConf.to_container(composed)[key] for key in map(_key, mine)}  # type: ignore[call-overload,index]
    names = list(zoo) if keys.get("models") == "all" else _names(keys, known)
    if wrong := [] if keys.get("models") == "all" else sorted(set(names) & reserved):
        raise UserError(f"models: {wrong[0]} is a key of the configuration: choose another name for this model")
    typed = Typed(keys, [], {}, [], [])
    for text in others:
        first = re.split(r"[./@]", _key(text))[0]
        if not text.startswith("+") and first not in {*reserved, *names, *zoo}:
            raise UserError(f"there is no key {_key(text)}{nearest(first, [*defaults, *reserved, *names])}")
        _sort(text, typed, names, zoo)
    return typed


def merged(typed: Typed, known: Settings | None, folder: Path | None) -> Settings:
    """The settings of a command line, on top of those of its folder.

    Raises:
        UserError: they are another comparison's.
    """
    defaults: Any = OmegaConf.to_container(OmegaConf.load(conf_dir() / "compare.yaml"))
    base = known or Settings(samples=defaults["samples"], human=defaults["human"], question=defaults["question"])
    given = {key: value for key, value in typed.keys.items() if key not in ("folder", "resume")}
    given |= {key: getattr(typed, key) for key in ("words", "own", "metrics") if getattr(typed, key)}
    now = Settings(**{one.name: given.get(one.name, getattr(base, one.name)) for one in fields(Settings)})
    for key in FIXED if known is not None else ():
        if (before := getattr(known, key)) != getattr(now, key):
            there, here = _difference(before, getattr(now, key))
            raise UserError(
                f"{folder} holds a comparison with other settings ({key}: {there} there, {here} here): "
                "name another folder, or type folder=DIR resume=true alone"
            )
    return now


def named(value: object, key: str) -> dict[str, str]:
    """``[a,b]`` or ``{name: a, other: b}`` as names with values; a list names its values itself.

    Raises:
        UserError: it is neither, or a name comes twice.
    """
    if isinstance(value, Mapping):
        found = {str(name): str(one) for name, one in value.items()}
        if bad := [name for name in found if not OWN_NAME.fullmatch(name)]:
            raise UserError(f"{key}: {bad[0]!r} is no name: letters, digits and _, as in {{wide: cyclegan}}")
        return found
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value:
        raise UserError(f"{key}={value}: write a list, as in models=[cyclegan,munit]")
    listed = [str(one) for one in value]
    if doubled := [one for one in listed if listed.count(one) > 1]:
        raise UserError(
            f"{key}: {doubled[0]} comes twice: give both names, as in models={{first: munit, second: munit}}"
        )
    return {one: one for one in listed}


def _names(keys: Mapping[str, Any], known: Settings | None) -> list[str]:
    """Of the columns, as far as the words say."""
    for key in ("models", "checkpoints"):
        if keys.get(key) not in (None, "all"):
            return list(keys[key]) if isinstance(keys[key], Mapping | list) else [str(keys[key])]
    return known.names if known is not None else []


def _sort(text: str, typed: Typed, names: Sequence[str], zoo: Sequence[str]) -> None:
    key = _key(text)
    first = re.split(r"[./@]", key)[0]
    if first in names and first != key:
        typed.own.setdefault(first, []).append(_of_one(text, first))
    elif first in zoo and first != key:
        raise UserError(f"{text}: there is no {first} in this comparison{nearest(first, names)}")
    elif key.startswith(LAUNCH):
        typed.launcher.append(text)
    elif first == "hydra":
        raise UserError(f"{text}: a comparison has a folder of its own, folder=DIR; of Hydra it takes hydra/launcher=…")
    elif first in MEASURING:
        typed.metrics.append(text)
    else:
        _refuse(text, key)
        typed.words.append(text)


def _of_one(text: str, name: str) -> str:
    """``cyclegan.model.x=1`` as ``model.x=1``; the signs before it stay. Raises ``UserError``: it cannot differ."""
    plus = text[: len(text) - len(text.lstrip("+~"))]
    rest = text.lstrip("+~")[len(name) + 1 :]
    key = _key(rest)
    _refuse(text, key, also="experiment")
    if key in SAME or key.startswith("hydra") or key.startswith(SAME_IN):
        raise UserError(f"{text}: {key} is the same for all models; type it without {name}.")
    return plus + rest


def _refuse(text: str, key: str, also: str = "") -> None:
    if key in REFUSED and key != also:
        raise UserError(f"{text}: {REFUSED[key]}")


def _refuse_sweep(text: str) -> None:
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException:
        return  # composing says what is wrong
    if override.is_sweep_override():
        key, _, value = text.partition("=")
        hint = f"write {key}=[{value}]" if _key(text) in ("models", "checkpoints", "seeds") else "give one value"
        raise UserError(f"{text} would be a sweep, and each model is trained once with each seed: {hint}")


def _difference(before: Any, now: Any) -> tuple[str, str]:
    """What is in one of two settings only."""
    if isinstance(before, list) and isinstance(now, list):
        before, now = [one for one in before if one not in now], [one for one in now if one not in before]
    return tuple("nothing" if one in ([], {}, None) else _short(one) for one in (before, now))  # type: ignore[return-value]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(key if key == one else f"{key}: {one}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _plain(text: str) -> str:
    """``+debug=tiny`` as ``debug=tiny``, which the defaults list has."""
    return text[1:] if text.startswith("+debug=") else text


def _key(text: str) -> str:
    return text.lstrip("+~").partition("=")[0].strip()
