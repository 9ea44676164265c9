from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.data.worlds import Faces


def test_a_world_is_shown_without_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "new" / "sheet.png"
    words = ["data", "show", "world_faces", "data.crop_size=32", "data.world.test=3", "--count", "3", "--output"]
    assert main([*words, str(sheet)]) == 0
    said = capsys.readouterr().out
    assert "world_faces: cartoon faces in two conventions, drawn: train 4096 + 4096, val 64 + 64, test 3 + 3" in said
    assert said.endswith(f"written: {sheet}: rows a, b\n")
    assert list(sheet.parent.iterdir()) == [sheet]
    pixels = np.asarray(Image.open(sheet))
    assert pixels.shape == (2 * 32 + 3 * 4, 3 * 32 + 4 * 4, 3)
    assert (pixels[4:36, 40:72] == np.asarray(Faces().draw("a", "test", 1, 32))).all()
    assert (pixels[40:72, 40:72] == np.asarray(Faces().draw("b", "test", 1, 32))).all()


def test_label_maps_are_shown_in_colours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.jpg"
    words = ["data", "show", "world_layouts_labels", "data.crop_size=32", "--count", "2", "--split", "val"]
    assert main([*words, "--output", str(sheet)]) == 0
    assert "rows label, instance, image" in capsys.readouterr().out
    assert Image.open(sheet).size == (2 * 32 + 3 * 4, 3 * 32 + 4 * 4)


def test_so_is_a_folder(pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.png"
    size = ["data.load_size=16", "data.crop_size=16"]
    assert main(["data", "show", "paired", f"data.root={pairs}", *size, "--count", "1", "--output", str(sheet)]) == 0
    assert Image.open(sheet).size == (16 + 8, 32 + 12)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["world_face"], "there is no data=world_face"),
        (["world_faces", "--count", "0"], "--count 0: at least one sample"),
        (["world_faces", "--output", "sheet"], "--output sheet: the name of a picture, such as sheet.png"),
        (["world_faces", "data.root=/tmp"], "the pictures of world_faces are drawn; leave data.root out"),
        (
            ["world_faces", "data.crop_size=30"],
            "test pictures would become 32x32; take data.crop_size=32",
        ),
        (["paired", "data.root=nowhere"], "nowhere: no such folder"),
    ],
)
def test_mistakes(words: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = [] if "--output" in words else ["--output", str(tmp_path / "sheet.png")]
    assert main(["data", "show", *words, *output]) == 1
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())
