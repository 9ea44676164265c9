from pathlib import Path

import pytest
from PIL import Image

from gan_zoo.cli import main


def test_an_evaluation_leaves_a_page_to_look_at(
    trained: Path, small: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = [word for word in small if word.startswith("data")]
    words = ["metrics=[psnr,ms_ssim]", "trainer=cpu", f"hydra.run.dir={tmp_path / 'judged'}"]
    assert main(["evaluate", f"checkpoint={trained}", *data, *words]) == 0
    page = (tmp_path / "judged" / "gallery.html").read_text()
    assert f"gallery: {tmp_path / 'judged' / 'gallery.html'}" in capsys.readouterr().out
    for text in (
        "psnr/ab",
        "not measured: ms_ssim: it needs pictures of at least 176 px",
        "data:image/jpeg",
        "Pix2Pix",
    ):
        assert text in page
    [grid] = (tmp_path / "judged" / "samples").iterdir()
    assert Image.open(grid).width > 3 * 128
    assert not list((tmp_path / "judged").glob(".*.tmp"))
