import json
from pathlib import Path

import pytest

from gan_zoo.cli import main


def test_measures_are_printed_and_written(trained: Path, small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    data = [word for word in small if word.startswith("data")]
    capsys.readouterr()
    assert main(["evaluate", f"checkpoint={trained}", *data, "trainer=cpu"]) == 0
    [folder] = Path("evaluations").iterdir()
    report = json.loads((folder / "metrics.json").read_text())
    assert set(report["metrics"]) >= {"test/l1", "test/psnr", "test/ssim"}
    assert report["images_seen"] == 2
    assert report["data"]["crop_size"] == 32
    assert f"{report['metrics']['test/l1']:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["data=paired"], "checkpoint=… is missing"),
        (["checkpoint=x.ckpt"], "data=… is missing"),
        (["checkpoint=x.ckpt", "data=pared"], "there is no data=pared (did you mean paired"),
        (["checkpoint=x.ckpt", "data=paired"], "there is no checkpoint x.ckpt"),
    ],
)
def test_mistakes(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *words]) == 1
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not list(Path().rglob("metrics.json"))


def test_data_of_other_channels_are_refused(trained: Path, pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", f"checkpoint={trained}", "data=paired", f"data.root={pairs}", "data.channels.b=1"]) == 1
    assert "takes channels {'a': 3, 'b': 3}, data=paired gives {'a': 3, 'b': 1}" in capsys.readouterr().err
