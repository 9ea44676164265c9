from pathlib import Path

import pytest

from gan_zoo.cli import main

from .conftest import ROOT


def test_the_table_counts_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "generator 54.4 M, discriminator 2.8 M" in said
    assert "generator 22.8 M, discriminator 5.5 M" in said
    assert "pix2pix/facades" in said
    assert "munit/cyclegan_star_edges2shoes" in said
    for name in ("pix2pix", "cyclegan"):
        cases = len(list((ROOT / "tests" / "golden" / name).glob("*/case.json")))
        assert f"{cases} golden cases" in said


def test_other_cases_are_counted_where_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pix2pix" / "one").mkdir(parents=True)
    (tmp_path / "pix2pix" / "one" / "case.json").write_text('{"kind": "step"}')
    monkeypatch.setenv("GAN_ZOO_GOLDEN", str(tmp_path))
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "1 golden cases" in said
    assert "cases come with a checkout" in said
