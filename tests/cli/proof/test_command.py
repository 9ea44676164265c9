"""The proof's short version: a model that learns in minutes, and one that cannot have, judged by the same limits."""

from pathlib import Path

import pytest
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.cli.proof import runner

PIX2PIX = ["trainer.max_steps=600"]
CYCLEGAN = [
    *("data.crop_size=32", "data.load_size=32", "trainer.max_steps=1200"),
    *("model.generator.n_blocks=2", "model.optimizer.lr=0.001"),
]


@pytest.mark.slow
def test_the_short_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Label maps to pictures, and creatures unpaired: three minutes on two cores, by the limits of the long proof."""
    short = [f"models.{name}.seeds=[0]" for name in ("pix2pix", "cyclegan")]
    short += [f"+models.pix2pix.words={PIX2PIX}", f"+models.cyclegan.words={CYCLEGAN}"]
    places = [f"folder={tmp_path / 'runs'}", f"page={tmp_path / 'docs' / 'proof.md'}", f"pictures={tmp_path / 'img'}"]
    status = main(["proof", "only=[pix2pix,cyclegan]", *short, *places])
    said = capsys.readouterr()
    assert status == 0, said.err
    assert "pix2pix: learned" in said.out
    assert "cyclegan: learned" in said.out
    page = (tmp_path / "docs" / "proof.md").read_text()
    assert page.count("| learned |") == 2
    assert "(../img/pix2pix.jpg)" in page
    assert {path.name for path in (tmp_path / "img").iterdir()} == {"pix2pix.jpg", "cyclegan.jpg"}
    assert Image.open(tmp_path / "img" / "pix2pix.jpg").format == "JPEG"


@pytest.mark.slow
def test_what_did_not_learn_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["only=[pix2pixhd]", "+models.pix2pixhd.words=['trainer.max_steps=1']", "page=null"]
    assert main(["proof", *words, f"folder={tmp_path}", f"pictures={tmp_path}"]) == 1
    said = capsys.readouterr()
    assert "pix2pixhd: did not learn" in said.out
    assert "not proved: pix2pixhd" in said.err
    assert said.err.count("\n") == 1


def test_some_models_alone_leave_the_page_of_all_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, page = tmp_path / "runs", tmp_path / "docs" / "proof.md"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "run", lambda trials, *_: [runner.Result(one, 1.0, VERDICT) for one in trials])
    assert main(["proof", "only=[unit]", f"folder={folder}"]) == 0
    assert not page.exists()
    assert main(["proof", "only=[unit]", f"folder={folder}", "page=docs/proof.md"]) == 0
    assert page.exists()


VERDICT = {"learned": True, "checks": [], "others": {}, "names": [], "picture": "unit.jpg"}


def test_a_name_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proof", "only=[pix2pux]"]) == 1
    assert "did you mean" in capsys.readouterr().err
