from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_zoo.cli.comparison.settings import Settings, merged, named, take_apart
from gan_zoo.cli.compose import forget
from gan_zoo.errors import UserError

ZOO, KEYS = (
    ["cyclegan", "munit"],
    {"data", "model", "trainer", "seed", "debug", "metrics", "judges", "hydra", "experiment", "logger"},
)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    forget()


def test_words_are_sorted() -> None:
    words = [
        "models=[cyclegan,munit]",
        "data=unpaired",
        "budget=3it",
        "+debug=tiny",
        "metrics=[fid]",
        "judges.x=1",
        "samples=2",
    ]
    own = [
        "cyclegan.model.generator.ngf=16",
        "munit.model/generator=munit",
        "+munit.model.x=1",
        "cyclegan.experiment=a/b",
    ]
    typed = take_apart([*words, *own, "hydra/launcher=joblib", "hydra.launcher.n_jobs=3"], None, KEYS, ZOO)
    assert typed.keys == {"models": ["cyclegan", "munit"], "budget": "3it", "samples": 2}
    assert typed.words == ["data=unpaired", "debug=tiny"]
    assert typed.own == {
        "cyclegan": ["model.generator.ngf=16", "experiment=a/b"],
        "munit": ["model/generator=munit", "+model.x=1"],
    }
    assert typed.metrics == ["metrics=[fid]", "judges.x=1"]
    assert typed.launcher == ["hydra/launcher=joblib", "hydra.launcher.n_jobs=3"]


def test_names_of_ones_own() -> None:
    typed = take_apart(["models={small: munit, big: munit}", "big.model.style_dim=16"], None, KEYS, ZOO)
    assert typed.own == {"big": ["model.style_dim=16"]}
    assert named(typed.keys["models"], "models") == {"small": "munit", "big": "munit"}


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("model=munit", "name the models"),
        ("seed=3", "name the seeds"),
        ("experiment=a/b", "name it for one model"),
        ("trainer.max_steps=3", "the budget says how long"),
        ("cyclegan.trainer.max_time=x", "the budget says how long"),
        ("cyclegan.data=maps", "data is the same for all models"),
        ("cyclegan.data.root=/other", "data.root is the same for all models"),
        ("cyclegan.data.world.seed=1", "data.world.seed is the same for all models"),
        ("cyclegan.trainer.accumulate_grad_batches=8", "trainer.accumulate_grad_batches is the same for all models"),
        ("cyclegan.evaluation.samples=3", "evaluation.samples is the same for all models"),
        ("cyclegan.hydra.run.dir=x", "is the same for all models"),
        ("hydra.run.dir=x", "folder=DIR"),
        ("munit.model.x=1", "there is no munit in this comparison"),
        ("sampels=3", "there is no key sampels .did you mean samples"),
        ("data.crop_size=64,128", "would be a sweep"),
        ("seeds=0,1", r"write seeds=\[0,1\]"),
    ],
)
def test_words_that_are_refused(word: str, line: str) -> None:
    with pytest.raises(UserError, match=line):
        take_apart(["models=[cyclegan]", word], None, KEYS, ZOO)


def test_a_name_that_is_a_key() -> None:
    with pytest.raises(UserError, match="trainer is a key of the configuration"):
        take_apart(["models={trainer: munit}"], None, KEYS, ZOO)


@pytest.mark.parametrize(
    ("value", "line"),
    [(["a", "a"], "a comes twice"), ({"a b": "x"}, "is no name"), ([], "write a list"), (3, "write a list")],
)
def test_lists_that_are_none(value: object, line: str) -> None:
    with pytest.raises(UserError, match=line):
        named(value, "models")


def test_kept_in_the_folder(tmp_path: Path) -> None:
    settings = Settings({"a": "munit"}, {}, "3it", [0, 1], ["data=x"], {"a": ["model.x=1"]}, [], 4, 7, "Which?")
    settings.write(tmp_path)
    assert Settings.read(tmp_path) == settings
    assert Settings.read(tmp_path / "other") is None
    (tmp_path / "comparison.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        Settings.read(tmp_path)


def test_what_is_not_typed_again_is_as_it_was() -> None:
    known = Settings({"cyclegan": "cyclegan"}, {}, "3it", [0, 1], ["data=x"], {}, ["metrics=[fid]"], 4, None, "Which?")
    typed = take_apart(["folder=out", "resume=true", "human=9"], known, KEYS, ZOO)
    assert merged(typed, known, Path("out")) == Settings(**{**vars(known), "human": 9})


@pytest.mark.parametrize("words", [["budget=4it"], ["data=y"], ["seeds=[3]"], ["cyclegan.model.x=1"]])
def test_another_comparison_is_refused(words: list[str]) -> None:
    known = Settings({"cyclegan": "cyclegan"}, {}, "3it", [0], ["data=x"])
    with pytest.raises(UserError, match="out holds a comparison with other settings"):
        merged(take_apart(words, known, KEYS, ZOO), known, Path("out"))
