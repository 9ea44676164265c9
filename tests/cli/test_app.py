import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan_zoo import __version__
from gan_zoo.cli import app, main

from .conftest import ROOT, Run


def test_help_lists_every_command_at_once(spawn: Run) -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        done = spawn("--help")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1
    assert done.returncode == 0
    for name in app.COMMANDS:
        assert f"  {name} " in done.stdout


def test_without_arguments_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "usage: gan-zoo" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gan-zoo {__version__}\n"


def test_every_command_has_its_own_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in app.COMMANDS:
        with (
            pytest.raises(SystemExit)
            if name in ("translate", "human-score", "sample", "import", "data", "models", "benchmark")
            else _nothing()
        ):
            assert main([name, "--help"]) == 0
        assert "usage: gan-zoo" in capsys.readouterr().out


def test_an_unknown_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmrak"]) == 1
    said = capsys.readouterr()
    assert said.err == "error: there is no command 'benchmrak' (did you mean benchmark?): gan-zoo --help lists them\n"
    assert not said.out


def test_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_ZOO_TRACEBACK", "1")
    with pytest.raises(ValueError, match="there is no command"):
        main(["benchmrak"])


def test_a_further_rank_leaves_its_line_to_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GAN_ZOO_RANK_ERRORS", str(tmp_path))
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert main(["benchmrak"]) == 1
    assert (tmp_path / "1").read_text().startswith("there is no command")
    assert not capsys.readouterr().err


def test_interruption_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "_command", interrupt)
    assert main(["train"]) == 130


def test_sigterm_is_no_success(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from lightning.pytorch.utilities.exceptions import SIGTERMException

    def terminate(name: str) -> None:
        raise SIGTERMException

    monkeypatch.setattr(app, "_command", terminate)
    assert main(["train"]) == 143
    assert "resume=true goes on" in capsys.readouterr().err


def test_train_py_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), "modle=pix2pix"],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no key modle (did you mean model")
    assert done.stderr.count("\n") == 1


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...
