from pathlib import Path

import pytest
import torch

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.evaluation.cache import Cache, fingerprint, folder


def test_what_is_written_is_read_under_the_same_circumstances_only(tmp_path: Path) -> None:
    cache, rows = Cache(tmp_path / "new"), {"2048": torch.randn(3, 4)}
    assert cache.read({"data": "x"}) is None
    cache.write({"data": "x"}, rows)
    found = cache.read({"data": "x"})
    assert found is not None
    assert torch.equal(found["2048"], rows["2048"])
    assert cache.read({"data": "y"}) is None
    assert [path.suffix for path in (tmp_path / "new").iterdir()] == [".pt"]


def test_a_damaged_file_is_nothing_and_is_written_anew(tmp_path: Path) -> None:
    cache, about = Cache(tmp_path), {"data": "x"}
    cache.write(about, {"": torch.ones(2)})
    path = cache.path(about)
    assert path is not None
    path.write_bytes(path.read_bytes()[:50])
    assert cache.read(about) is None
    cache.write(about, {"": torch.ones(2)})
    assert cache.read(about) is not None


def test_a_folder_that_cannot_be_written_to_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Cache(tmp_path / "file").write({"data": "x"}, {"": torch.ones(2)})
    assert Cache(None).read({"data": "x"}) is None
    Cache(None).write({"data": "x"}, {"": torch.ones(2)})


def test_the_folder_is_typed_or_of_the_environment_or_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder("here") == Path("here/metrics")
    monkeypatch.setenv("GAN_ZOO_CACHE", "/there")
    assert folder(None) == Path("/there/metrics")
    monkeypatch.delenv("GAN_ZOO_CACHE")
    monkeypatch.setenv("HOME", "/home/me")
    assert folder(None) == Path("/home/me/.cache/gan_zoo/metrics")


def test_data_say_what_their_pictures_depend_on(two: ImageDataModule) -> None:
    assert fingerprint(two, "test") == two.fingerprint("test") != two.fingerprint("train")
    assert fingerprint(object(), "test") is None
