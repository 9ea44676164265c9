import json
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from gan_zoo.cli import main
from gan_zoo.cli.comparison.scoring import wilson

SIDES = ("left", "right")


@pytest.fixture
def key(tmp_path: Path) -> dict[str, Any]:
    """Ten questions: six on a and b, four on b and c; in the odd ones the first of them is right."""
    asked = {}
    for number in range(10):
        pair = ("a", "b") if number < 6 else ("b", "c")
        left, right = pair if number % 2 == 0 else pair[::-1]
        asked[f"{number:06x}"] = {"left": left, "right": right, "input": "000.png"}
    content = {"format": "gan_zoo human study 1", "study": "beef", "question": "?", "models": ["a", "b", "c"]}
    content |= {"questions": asked}
    (tmp_path / "key.json").write_text(json.dumps(content))
    return content


def answers(key: dict[str, Any], preferred: str, participant: str, **changes: Any) -> dict[str, Any]:
    """Of someone who takes the model ``preferred`` where it is offered, else the left one."""
    chosen = {
        name: next((side for side in SIDES if one[side] == preferred), "left") for name, one in key["questions"].items()
    }
    return {"format": key["format"], "study": key["study"], "participant": participant, "answers": chosen, **changes}


def save(name: str, content: object) -> str:
    Path(name).write_text(content if isinstance(content, str) else json.dumps(content))
    return name


def test_preferences_of_each_pair(key: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    files = [save("one.json", answers(key, "b", "x")), save("two.json", answers(key, "a", "y"))]
    assert main(["human-score", *files, "--key", "key.json", "--json", "out.json"]) == 0
    said = capsys.readouterr().out
    found = json.loads(Path("out.json").read_text())["preferences"]
    assert [(one["model"], one["other"], one["chosen"], one["answers"]) for one in found] == [
        ("a", "b", 6, 12),
        ("b", "c", 6, 8),  # all of the first, and the left ones of the second
    ]
    low, high = wilson(6, 8)
    assert f"b over c   75.0 %  [ {100 * low:.1f},  {100 * high:.1f}]  of 8 answers" in said
    assert "2 participants, 20 answers" in said
    assert "b          60.0 %" in said  # 6 of 12 against a, 6 of 8 against c


def test_csv_says_the_same(key: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    content = answers(key, "b", "x")
    lines = [f"beef,x,{question},{choice}" for question, choice in content["answers"].items()]
    assert main(["human-score", save("a.json", content), "--key", "key.json"]) == 0
    first = capsys.readouterr().out
    csv = save("a.csv", "\n".join(["study,participant,question,choice", *lines]) + "\n")
    assert main(["human-score", csv, "--key", "key.json"]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(("chosen", "count"), [(0, 5), (5, 5), (3, 10), (63, 100), (1, 1), (499, 1000)])
def test_intervals_are_wilsons(chosen: int, count: int) -> None:
    known = binomtest(chosen, count).proportion_ci(0.95, method="wilson")
    assert wilson(chosen, count) == pytest.approx((known.low, known.high), abs=1e-12)


def test_clear_preferences_are_marked(key: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    files = [save(f"{i}.json", answers(key, "b", str(i))) for i in range(4)]
    assert main(["human-score", *files, "--key", "key.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("a over b")).endswith("of 24 answers  *")


def test_partial_answers_on_request(key: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    content = answers(key, "b", "x")
    del content["answers"]["000001"]
    words = ["human-score", save("part.json", content), "--key", "key.json"]
    assert main(words) == 1
    assert "part.json answers 9 of 10 questions" in capsys.readouterr().err
    assert main([*words, "--partial"]) == 0
    assert "a over b    0.0 %  [  0.0,  43.4]  of 5 answers  *" in capsys.readouterr().out


WRONG: dict[str, tuple[Any, str]] = {
    "foreign": ({"study": "cafe"}, "answers another study (cafe, the key is of beef)"),
    "unknown": ({"answers": {"ffffff": "left"}}, "answers ffffff, which this study does not ask"),
    "choice": ({"answers": {"000001": "both"}}, "the answer to 000001 is 'both', neither left nor right"),
    "empty": ({"answers": {}}, "answers no question"),
    "format": ({"format": "other"}, "holds no answers as the study's page saves them"),
    "list": ({"answers": ["left"]}, "holds no answers as the study's page saves them"),
    "cut": ('{"format": "gan_zoo hum', "holds no answers as the study's page saves them"),
    "text": ("left\nright\n", "holds no answers as the study's page saves them"),
    "two": (
        "study,participant,question,choice\nbeef,x,000001,left\nbeef,y,000002,left\n",
        "holds no answers as the study's page saves them",
    ),
    "twice": (
        "study,participant,question,choice\nbeef,x,000001,left\nbeef,x,000001,right\n",
        "answers 000001 twice",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_answers_are_one_line(kind: str, key: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    what, line = WRONG[kind]
    name = save("wrong", what if isinstance(what, str) else answers(key, "a", "x", **what))
    assert main(["human-score", name, "--key", "key.json"]) == 1
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_wrong_files(key: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    good = save("good.json", answers(key, "a", "x"))
    for words, line in (
        ([good, save("copy.json", answers(key, "a", "x"))], "copy.json and good.json are of the same participant"),
        (["nowhere.json"], "nowhere.json cannot be read: No such file"),
        (["key.json"], "this is the key: it goes after --key"),
    ):
        assert main(["human-score", *words, "--key", "key.json"]) == 1
        assert line in capsys.readouterr().err
    assert main(["human-score", good, "--key", good]) == 1
    assert "good.json is no key of a study" in capsys.readouterr().err
    assert main(["human-score", good]) == 1
    assert "--key" in capsys.readouterr().err
    key["questions"]["000000"]["left"] = "d"
    assert main(["human-score", good, "--key", save("damaged.json", key)]) == 1
    assert "its questions do not name its models" in capsys.readouterr().err
