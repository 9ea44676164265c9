from pathlib import Path

import pytest

from gan_zoo.cli.comparison.record import DIED, FINISHED, WAITING, Record


def test_read_back(tmp_path: Path) -> None:
    record = Record(facts={"class": "Net"}, trained={"seconds": 1.0}, measured=["data=x"])
    record.ended(DIED, "of boredom").write(tmp_path / "run")
    assert Record.read(tmp_path / "run") == record
    assert record.state == DIED
    assert record.ended(FINISHED).reason == ""


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"what": 1}'])
def test_what_cannot_be_read_is_a_run_that_waits(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    assert Record.read(tmp_path).state == WAITING


def test_only_the_first_rank_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    Record().write(tmp_path)
    assert not list(tmp_path.iterdir())
