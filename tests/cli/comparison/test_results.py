import json
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from gan_zoo.cli.comparison import results
from gan_zoo.cli.comparison.plan import Plan
from gan_zoo.cli.comparison.settings import Settings
from gan_zoo.cli.comparison.table import Column
from gan_zoo.errors import UserError

from .conftest import Make

ABOUT = {"data": "the pictures", "paired": False, "inputs": 2}


def write(columns: list[Column], folder: Path, **more: Any) -> Plan:
    names = {column.name: "munit" for column in columns}
    jobs = [run.job for column in columns for run in column.runs]
    plan = Plan(jobs, OmegaConf.create({"data": {"name": "pictures"}}), ["one: filled in: model.x=1 (why)"])
    given = {"budget": "3it", "words": ["data=pictures"], "question": "Which?"}
    results.write(folder, Settings(names, **{**given, **more}), plan, ABOUT, None)
    return plan


def test_numbers_and_page(ended: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(
        ended({"one": [{"l1": 1.0}, {"l1": 2.0}], "two": [{"l1": 2.0}, "NaN"]}), tmp_path, seeds=[0, 1], human=2
    )
    found = json.loads((tmp_path / "compare.json").read_text())
    assert found["settings"]["budget"] == "3it"
    assert found["models"][0]["metrics"]["l1"]["mean"] == 1.5
    assert found["models"][1]["runs"][1]["reason"] == "NaN"
    assert found["about"]["measured"] == "as it is"
    page = (tmp_path / "compare.html").read_text()
    assert "one, two on pictures" in page
    assert "budget 3it each · seeds 0, 1 · 1 of 2 models finished" in page
    assert (tmp_path / "human.html").is_file()
    capsys.readouterr()
    results.conclude(plan.jobs, tmp_path, None)
    said = capsys.readouterr()
    assert "l1" in said.out
    assert "1.5 ± 0.71" in said.out
    assert "two-seed1 died: NaN" in said.err
    assert "1 of 4 runs did not finish" in said.err
    assert "resume=true" in said.err


def test_what_measuring_remarked_is_told() -> None:
    report = {"model": "UNIT", "warnings": ["few pictures"], "skipped": {"lpips": "no file"}}
    assert results.remarks_of(report) == ["few pictures", "UNIT: lpips not measured: no file"]
    assert results.remarks_of({}) == []


def test_no_run_finished(ended: Make, tmp_path: Path) -> None:
    plan = write(ended({"one": ["NaN"]}), tmp_path)
    with pytest.raises(UserError, match="no run finished"):
        results.conclude(plan.jobs, tmp_path, None)
    with pytest.raises(UserError, match=r"the launcher failed: no queue; gan-zoo compare folder=.* resume=true"):
        results.conclude(plan.jobs, tmp_path, "no queue")


def test_the_command_that_makes_it_again(tmp_path: Path) -> None:
    settings = Settings({"small": "munit", "big": "munit"}, {}, "3it", [0, 1], ["data=x"], human=4)
    settings.own = {"big": ["model.style_dim=16", "+model.y=2"]}
    said = results.command(Path("out"), settings)
    assert "'models={small: munit,big: munit}' data=x budget=3it" in said
    assert "big.model.style_dim=16 +big.model.y=2 'seeds=[0,1]' human=4 folder=out" in said


def test_a_full_disk_is_one_line_and_leaves_the_last_page(
    ended: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = ended({"one": [{"l1": 1.0}]})
    write(columns, tmp_path)
    before = (tmp_path / "compare.html").read_bytes()

    def full(path: Path, *args: Any, **kwargs: Any) -> None:
        path.touch()
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UserError, match=r"cannot write .* No space left on device; free some space"):
        write(columns, tmp_path)
    assert (tmp_path / "compare.html").read_bytes() == before
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_table_at_wandb(ended: Make, tmp_path: Path) -> None:
    write(ended({"one": [{"l1": 1.0}], "two": ["no"]}), tmp_path, words=["data=pictures", "logger=wandb"])
    [table] = (tmp_path / "wandb").glob("offline-run-*/files/media/table/*.table.json")
    content = json.loads(table.read_text())
    assert content["columns"][:3] == ["model", "status", "l1"]
    assert content["data"][1][:3] == ["two", "died: no", None]
