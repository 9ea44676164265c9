"""What is found on the disk: bad files end the run or are left out."""

from pathlib import Path
from typing import Any

import pytest

from gan_zoo.data.kinds.paired import Paired
from gan_zoo.errors import UserError

from .conftest import photo
from .world import module


@pytest.mark.parametrize("cache_mb", [0, 256])
def test_bad_files_end_the_run_or_are_left_out(cache_mb: float, glued: Path) -> None:
    cut = (glued / "train" / "0.png").read_bytes()
    (glued / "train" / "0.png").write_bytes(cut[: len(cut) // 2])  # its header is whole
    (glued / "train" / "1.png").write_bytes(b"")
    photo(glued / "train" / "2.png", 25, 12)
    options: dict[str, Any] = {"dataset": Paired(), "cache_mb": cache_mb, "batch_size": 1}
    with pytest.raises(UserError, match=r"1\.png: the file is empty.*and 1 more such images; data\.on_error=skip"):
        module(glued, **options).setup("fit")
    lenient = module(glued, **options, on_error="skip")
    with pytest.warns(UserWarning, match="2 left out: .*1.png.*2.png"):
        lenient.setup("fit")
    assert lenient.train_size == (2 if cache_mb else 3)  # the cut one shows itself when it is decoded
    assert len(list(lenient.train_dataloader())) == lenient.train_size


def test_a_cut_file_is_named_before_training_or_when_it_is_read(glued: Path) -> None:
    cut = (glued / "train" / "3.png").read_bytes()
    (glued / "train" / "3.png").write_bytes(cut[: len(cut) // 2])
    with pytest.raises(UserError, match=r"3\.png: not a readable image"):
        module(glued, dataset=Paired()).setup("fit")
    later = module(glued, dataset=Paired(), cache_mb=0, num_workers=2)
    later.setup("fit")
    with pytest.raises(UserError, match=r"^.*3\.png: not a readable image[^\n]*$"):
        list(later.train_dataloader())


def test_lone_partners_end_the_run_or_are_left_out(tmp_path: Path) -> None:
    for name in ("trainA/0.png", "trainB/0.png", "trainA/1.png", "trainB/2.png"):
        photo(tmp_path / name)
    with pytest.raises(UserError, match=r"1\.png: no image of that name in .*trainB \(and 1 more such images"):
        module(tmp_path, dataset=Paired()).setup()
    lenient = module(tmp_path, dataset=Paired(), on_error="skip")
    with pytest.warns(UserWarning, match="2 left out"):
        lenient.setup()
    assert lenient.train_size == 1


def test_nothing_usable_left_is_said(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "0.png").write_bytes(b"x")
    data = module(tmp_path, dataset=Paired(), on_error="skip")
    with (
        pytest.warns(UserWarning, match="1 left out"),
        pytest.raises(UserError, match=r"no usable image is left: .*0\.png"),
    ):
        data.setup()


def test_max_samples(unpaired: Path) -> None:
    data = module(unpaired, max_samples=2)
    assert data.train_size == 2
    assert len(data.split("train").b) == 2  # type: ignore[union-attr]


def test_splits_are_checked_once_and_stand_in_for_each_other(unpaired: Path) -> None:
    shelf = module(unpaired).shelf
    assert shelf.split("val") is shelf.split("test")
    assert shelf.any_split() is shelf.split("test")
    assert shelf.sizes() == "files of 12x12 px"
    assert len(shelf.album.kept) == 5
    with pytest.raises(UserError, match="no extra images in it"):
        shelf.found("extra")
