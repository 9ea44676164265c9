from pathlib import Path

import pytest

from gan_zoo.cli import main
from gan_zoo.cli.data import Meter
from gan_zoo.data import download


def test_list_names_every_configured_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    listed = {line.partition(":")[0] for line in capsys.readouterr().out.splitlines()}
    assert {"facades", "maps", "horse2zebra", "cat2dog", "selfie2anime", "repair_cc0", "colorize_cc0"} <= listed


def test_check_says_what_lies_there(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(pairs)]) == 0
    assert "no problems found" in capsys.readouterr().out
    (pairs / "train" / "bad.png").write_bytes(b"not a picture")
    assert main(["data", "check", str(pairs)]) == 1
    assert "bad.png" in capsys.readouterr().out


def test_worlds_have_no_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "world_faces"]) == 0
    assert capsys.readouterr().out == "world_faces is drawn as it is asked for: there are no files to check\n"


def test_check_takes_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "edges2shoes_cc0"]) == 0
    assert "train 90" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["check", "nowhere"], "nowhere: no such folder"),
        (["download", "facade"], "no data set is called 'facade' (did you mean facades"),
        (
            ["download", "world_faces"],
            "world_faces comes with the package: nothing to download",
        ),
        (["lst"], "invalid choice: 'lst'"),
        ([], "required"),
    ],
)
def test_mistakes(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", *words]) == 1
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_download_says_how_to_use_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fetch(name: str, root: str | None, progress: Meter, say: object) -> Path:
        progress(5 << 20, None)
        return Path(root or "datasets") / name

    monkeypatch.setattr(download, "fetch", fetch)
    assert main(["data", "download", "facades"]) == 0
    assert capsys.readouterr().out == "datasets/facades: use it with data=facades\n"
    assert main(["data", "download", "facades", "--root", "d"]) == 0
    assert capsys.readouterr().out == "d/facades: use it with data=facades data.root=d/facades\n"
