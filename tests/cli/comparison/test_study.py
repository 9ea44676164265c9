import json
import random
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from gan_zoo.cli.comparison.settings import Settings
from gan_zoo.cli.comparison.study import check, make, questions
from gan_zoo.errors import UserError

from .conftest import Make

MODELS = dict.fromkeys(("alpha", "beta", "gamma"), "munit")


def test_every_pair_alike_each_side_alike_no_question_twice() -> None:
    asked = questions(list(MODELS), [f"{i:03}.png" for i in range(20)], 36, random.Random(1))
    pairs = Counter(frozenset((one["left"], one["right"])) for one in asked)
    assert set(pairs.values()) == {12}
    for model, other in combinations(MODELS, 2):
        lefts = Counter(one["left"] for one in asked if {one["left"], one["right"]} == {model, other})
        assert set(lefts.values()) == {6}
    assert len({(frozenset((one["left"], one["right"])), one["input"]) for one in asked}) == 36
    assert len({one["id"] for one in asked}) == 36


def test_the_order_is_random() -> None:
    first, second = (questions(list(MODELS), ["a", "b", "c"], 9, random.Random(seed)) for seed in (1, 2))
    assert [one["left"] for one in first] != [one["left"] for one in second]
    sides = [one["left"] for one in first]
    assert sides != sorted(sides)


def test_the_page_holds_nothing_of_the_key(ended: Make, tmp_path: Path) -> None:
    columns = ended({name: [{"l1": 1.0}] for name in MODELS}, samples=3)
    line = make(tmp_path, Settings(MODELS, human=9, question="Which <one>?"), columns, random.Random(0))
    assert "9 questions" in line
    page, key = (tmp_path / "human.html").read_text(), json.loads((tmp_path / "human-key.json").read_text())
    for name in [*MODELS, "munit", "seed0", ".png", str(tmp_path)]:
        assert name not in page
    content = json.loads(re.findall(r'<script id="study" type="application/json">(.*?)</script>', page)[0])
    assert content["study"] == key["study"]
    assert [one["id"] for one in content["questions"]] == list(key["questions"])
    assert set(content["questions"][0]) == {"id", "input", "left", "right"}
    assert "Which &lt;one&gt;?" in page
    assert not re.findall(r'(?:src|href)="(?!data:)|https?:', page)


def test_left_is_the_keys_left(ended: Make, tmp_path: Path) -> None:
    columns = ended({name: [{"l1": 1.0}] for name in MODELS})
    make(tmp_path, Settings(MODELS, human=6, question="?"), columns, random.Random(0))
    key = json.loads((tmp_path / "human-key.json").read_text())
    page = (tmp_path / "human.html").read_text()
    content = json.loads(re.findall(r'<script id="study" type="application/json">(.*?)</script>', page)[0])
    by_picture: dict[str, set[str]] = {}
    for one in content["questions"]:
        for side in ("left", "right"):
            asked = key["questions"][one["id"]]
            by_picture.setdefault(one[side], set()).add(f"{asked[side]} {asked['input']}")
    assert len(by_picture) == 6  # three models, two inputs
    assert all(len(names) == 1 for names in by_picture.values())


def test_a_study_is_never_written_over(ended: Make, tmp_path: Path) -> None:
    columns, settings = ended({name: [{"l1": 1.0}] for name in MODELS}), Settings(MODELS, human=6, question="?")
    make(tmp_path, settings, columns)
    before = (tmp_path / "human-key.json").read_text()
    assert "as it was" in make(tmp_path, settings, columns)
    assert (tmp_path / "human-key.json").read_text() == before
    check(settings, tmp_path, 2)
    settings.human = 5
    with pytest.raises(UserError, match="asks 6 questions, and human=5"):
        check(settings, tmp_path, 2)


def test_too_many_questions(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="3 models and 4 test pictures give 12 different questions"):
        check(Settings(MODELS, human=13), tmp_path, 4)
    check(Settings(MODELS, human=12), tmp_path, 4)


def test_not_before_all_models_have_pictures(ended: Make, tmp_path: Path) -> None:
    columns = ended({"alpha": [{"l1": 1.0}], "beta": ["no"]})
    assert "not yet: 1 of 2 models" in make(tmp_path, Settings(MODELS, human=1), columns)
    assert not (tmp_path / "human.html").exists()
