import json
import os
from pathlib import Path

import pytest

from gan_zoo.callbacks.files import write_json, write_text
from gan_zoo.errors import UserError


def test_written_whole_in_a_folder_that_is_made(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "a.txt", "é", "the text")
    write_text(tmp_path / "deep" / "a.txt", "è", "the text")
    assert [(path.name, path.read_text(encoding="utf-8")) for path in (tmp_path / "deep").iterdir()] == [("a.txt", "è")]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "before", "the text")

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UserError, match=r"cannot write the text .*a.txt: No space left on device; free some space"):
        write_text(path, "after", "the text")
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "before"


def test_containers_are_json(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": [1, None], "c": tmp_path}, "the numbers")
    assert json.loads((tmp_path / "a.json").read_text()) == {"b": [1, None], "c": str(tmp_path)}
