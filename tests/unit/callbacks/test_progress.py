import re
import sys
from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks.progress import ProgressBar, Rate, shortened
from gan_zoo.callbacks.tick import Tick


def test_a_line_now_and_then_where_there_is_no_terminal(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    fit([ProgressBar(plain_seconds=1000)])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("iteration")]
    assert len(lines) == 2  # the first and the last
    assert lines[0].startswith("iteration 1/12")
    assert re.fullmatch(
        r"iteration 12/12  [\d.]+ images/s  0:00:00 to go  [\d.]+ GB"
        r"  D fake \S+  D real \S+  D accuracy \S+  G adv \S+  G l1 \S+",
        lines[1],
    )


def test_more_lines_in_a_long_run(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    fit([ProgressBar(plain_seconds=0)], max_epochs=1)
    numbers = re.findall(r"^iteration (\d+)/6", capsys.readouterr().out, re.M)
    assert numbers == ["1", "2", "3", "4", "5", "6"]


def test_a_bar_on_a_terminal(fit: Fit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    bar = ProgressBar(refresh_seconds=0)
    fit([bar], max_epochs=1)
    out = capsys.readouterr().out
    assert "6/6" in out
    assert "images/s" in out
    assert "G l1" in out
    assert bar.bar is None


def test_no_end_in_sight(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    fit([ProgressBar(plain_seconds=0)], max_epochs=-1, max_time={"seconds": 1})
    line = capsys.readouterr().out.splitlines()[2]
    assert re.match(r"iteration \d+  [\d.]+ images/s  [\d.]+ GB", line)


def test_rate_leaves_pauses_out(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 105.0, 106.0, 117.0, 118.0])
    monkeypatch.setattr("gan_zoo.callbacks.progress.time.monotonic", lambda: next(clock))
    rate = Rate(looks=3)
    rate.note(50)
    rate.note(60)
    assert rate.per_second == pytest.approx(2)  # the slow beginning, for want of anything else
    rate.note(70)
    assert rate.per_second == pytest.approx(10)
    rate.pause(10)
    rate.note(80)
    assert rate.per_second == pytest.approx(10)
    rate.note(110)
    assert rate.per_second == pytest.approx(30)


def test_losses_in_short() -> None:
    metrics = {
        "images_seen": torch.tensor(3.0),
        "val/l1": torch.tensor(1.0),
        "lr/generator": torch.tensor(1.0),
        "generator/adv_b": torch.tensor(0.69314),
        "discriminator/real": torch.tensor(1e-5),
    }
    assert shortened(metrics) == ["G adv_b 0.693", "D real 1e-05"]


def test_results_come_after_the_last_line(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    class Result(Callback):
        def on_final_tick(self, trainer: Trainer, module: Any) -> None:
            print("a result")

    fit([Result(), Tick(), ProgressBar(plain_seconds=1000)], max_epochs=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[-2:]] == ["iteration 6/6", "a result"]
