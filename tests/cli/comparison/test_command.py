"""The whole command: small models, in processes of their own, on drawn pictures."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.cli import main

from ..conftest import ROOT, Run
from .test_attempt import wait_for

QUICK = ["debug=tiny", "data.load_size=36", "data.crop_size=32", "callbacks.gallery=null", "callbacks.grids=null"]
TWO = ["models={one: cyclegan, two: cyclegan}", "one.model.generator.n_blocks=1", "two.model.generator.n_blocks=1"]
DEADLY = """
import os
from lightning import Callback


class Die(Callback):
    def on_train_end(self, trainer, pl_module):
        if not os.path.exists(os.environ["MAY_LIVE"]):
            os.kill(os.getpid(), 9)
"""


@pytest.fixture
def words(domains: Path) -> list[str]:
    return [*TWO, "data=unpaired", f"data.root={domains}", *QUICK, "budget=2it"]


def found(folder: str = "out") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(folder) / "compare.json").read_text())
    return {model["name"]: model for model in content["models"]}


@pytest.mark.slow
def test_killed_runs_are_shown_and_go_on(words: list[str], spawn: Run, tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "deadly.py").write_text(DEADLY)
    variables = {"PYTHONPATH": f"{ROOT / 'src'}:{tmp_path / 'modules'}", "MAY_LIVE": str(tmp_path / "live")}
    words += ["+two.callbacks.die._target_=deadly.Die", "folder=out"]
    first = spawn("compare", *words, **variables)
    assert first.returncode == 0, first.stderr
    assert "two-seed0 died: killed by SIGKILL" in first.stderr
    models = found()
    assert models["one"]["status"] == "finished"
    assert models["one"]["costs"]["iterations"]["mean"] == 2
    assert models["two"]["runs"][0]["state"] == "died"
    assert "died: killed by SIGKILL" in Path("out/compare.html").read_text()
    (tmp_path / "live").touch()
    before = (tmp_path / "out/runs/one-seed0/run.json").stat().st_mtime_ns
    second = spawn("compare", "folder=out", "resume=true", **variables)
    assert second.returncode == 0, second.stderr
    assert "one-seed0 finished before: left out" in second.stdout
    assert (tmp_path / "out/runs/one-seed0/run.json").stat().st_mtime_ns == before
    assert found()["two"]["status"] == "finished"
    assert "died" not in Path("out/compare.html").read_text()


@pytest.mark.slow
def test_side_by_side_with_a_study(words: list[str], spawn: Run) -> None:
    more = ["hydra/launcher=joblib", "--human", "1", "folder=out", "seeds=[3]"]
    done = spawn("compare", *words, *more)
    assert done.returncode == 0, done.stderr
    assert [run["seed"] for model in found().values() for run in model["runs"]] == [3, 3]
    assert found()["one"]["metrics"]["test/cycle_a"]["count"] == 1
    key = json.loads(Path("out/human-key.json").read_text())
    [question] = key["questions"]
    answers = {"format": key["format"], "study": key["study"], "participant": "x", "answers": {question: "left"}}
    Path("answers.json").write_text(json.dumps(answers))
    assert main(["human-score", "answers.json", "--key", "out/human-key.json"]) == 0


@pytest.mark.slow
def test_checkpoints_as_they_are(trained: Path, pairs: Path, spawn: Run) -> None:
    (trained.parent / "other.ckpt").write_bytes(trained.read_bytes())
    given = f"checkpoints={{first: {trained}, second: {trained.parent / 'other.ckpt'}}}"
    data = ["data=paired", f"data.root={pairs}", "data.load_size=36", "data.crop_size=32", "trainer=cpu"]
    done = spawn("compare", given, *data, "folder=out", "samples=2")
    assert done.returncode == 0, done.stderr
    models = found()
    assert models["first"]["metrics"] == models["second"]["metrics"] != {}
    assert "target" in Path("out/compare.html").read_text()
    wrong = spawn("compare", given, *data, "data.channels.b=1", "folder=other")
    assert wrong.returncode == 1
    assert "takes channels {'a': 3, 'b': 3}, data=paired gives {'a': 3, 'b': 1}" in wrong.stderr


@pytest.mark.slow
def test_sigterm_reaches_the_run_which_then_goes_on(words: list[str], spawn: Run) -> None:
    words = [word for word in words if not word.startswith("budget")] + [
        "folder=out",
        "callbacks.tick.every_n_images=5",
    ]
    command = [sys.executable, "-m", "gan_zoo.cli", "compare", *words, "budget=100000it"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: Path("out/runs/one-seed0/checkpoints/last.ckpt").is_file() or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 143, said
    assert "resume=true goes on" in said
    assert [run["state"] for run in found()["one"]["runs"]] == ["stopped"]
    assert [run["state"] for run in found()["two"]["runs"]] == ["waiting"]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["models=[cyclegn]"], "there is no model=cyclegn (did you mean cyclegan"),
        (["models=[pix2pix]"], "pix2pix: model=pix2pix learns from pairs"),
        (["budget=soon"], "budget=soon is not understood: write 2000it, 50kimg"),
        (["seeds=[0,0]"], "each seed once"),
        (["seeds=[a]"], "write a list of numbers"),
        (["samples=0"], "samples=0: write a number above 0"),
        (["--human", "many"], "--human needs a number of questions"),
        (["human=2"], "1 test pictures give 1 different questions"),
        (["data.root=nowhere"], "nowhere"),
        (["resume=true"], "resume=true goes on with a comparison: name its folder"),
        (["folder=domains"], "is not empty and holds no comparison"),
        (["checkpoints=[a.ckpt]"], "a.ckpt: no such file"),
        (["-m"], "compare is no sweep"),
    ],
)
def test_mistakes(more: list[str], line: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    keys = {word.partition("=")[0] for word in more}
    kept = [word for word in words if word.partition("=")[0] not in keys]
    kept = [word for word in kept if not ("models" in keys and word.startswith(("one.", "two.")))]
    assert main(["compare", *kept, *more]) == 1
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not list(Path().glob("comparisons/*"))


def test_nothing_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "data=maps"]) == 1
    assert "compare what? Name models=[…] or checkpoints=[…]" in capsys.readouterr().err
    assert main(["compare", "models=[cyclegan]", "data=maps"]) == 1
    assert "budget=… is missing" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0
    assert "usage: gan-zoo compare" in capsys.readouterr().out
