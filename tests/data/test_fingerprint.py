import os
from pathlib import Path

import pytest
from PIL import Image

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Unpaired
from gan_zoo.data.fingerprint import fingerprint
from gan_zoo.data.folders import Source, Split
from gan_zoo.data.worlds import Textures


def test_it_changes_with_every_file_and_with_the_preparation(tmp_path: Path) -> None:
    for name in "xyz":
        (tmp_path / name).write_text(name)
    split = Split((Source(tmp_path / "x"),), (Source(tmp_path / "y"),))

    def of(some: Split = split, *how: object) -> str:
        return fingerprint(tmp_path, some, how)

    seen = {of(), of(split, 32), of(Split(split.a)), of(split.swapped())}
    seen |= {
        of(Split(split.a, split.b, {"more": (Source(tmp_path / "z"),)})),
        of(Split((Source(tmp_path / "x", 1, 2),))),
    }
    assert len(seen) == 6
    before = of()
    assert of() == before
    (tmp_path / "x").write_text("other")
    assert of() != before
    before = of()
    os.utime(tmp_path / "y", ns=(1, 1))
    assert of() != before


def test_a_folder_may_move(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "x").write_text("x")
    before = fingerprint(tmp_path / "first", Split((Source(tmp_path / "first" / "x"),)), ())
    (tmp_path / "first").rename(tmp_path / "second")
    assert fingerprint(tmp_path / "second", Split((Source(tmp_path / "second" / "x"),)), ()) == before


def test_data_modules_tell_theirs(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB", "testA", "testB"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (32, 32)).save(tmp_path / folder / "0.png")

    def of(split: str = "test", **options: object) -> str:
        sizes = {"load_size": 32, "crop_size": 32, "num_workers": 0}
        return ImageDataModule("x", tmp_path, Unpaired(), **{**sizes, **options}).fingerprint(split)  # type: ignore[arg-type]

    assert of() == of(batch_size=2, flip=False)  # what does not bear on unaugmented pictures
    assert len({of(), of("train"), of(crop_size=16), of(direction="ba"), of(channels={"a": 1, "b": 3})}) == 5


def test_pictures_that_are_drawn_are_known_by_their_world_and_by_the_first_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(number: int, seed: int = 0) -> str:
        source = Textures(seed=seed).source("a", "test", number, 32)
        return fingerprint(Path("textures"), Split((source,)), ())

    assert of(0) == of(0)
    assert len({of(0), of(1), of(0, seed=1)}) == 3
    before = of(0)
    monkeypatch.setattr(Textures, "parts", {"a": lambda _, scene, side: Image.new("RGB", (side, side))})
    assert of(0) != before, "another way to draw the same scene"
