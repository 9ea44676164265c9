import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.training import checkpoint_io
from gan_zoo.training.checkpoint_io import AtomicCheckpointIO, read, write


@pytest.fixture
def checkpoint() -> dict[str, Any]:
    return {"state_dict": {"w": torch.arange(300_000.0)}, "gan_zoo": {"images_seen": 7}}


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """Writing beyond fails with a real error of the system, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_round_trip(tmp_path: Path, checkpoint: dict[str, Any]) -> None:
    io, path = AtomicCheckpointIO(), tmp_path / "deep" / "er" / "last.ckpt"
    io.save_checkpoint(checkpoint, path)
    back = io.load_checkpoint(path)
    assert torch.equal(back["state_dict"]["w"], checkpoint["state_dict"]["w"])
    assert back["gan_zoo"] == {"images_seen": 7}
    assert [p.name for p in path.parent.iterdir()] == ["last.ckpt"]


def test_file_has_the_permissions_of_an_ordinary_file(tmp_path: Path, checkpoint: dict[str, Any]) -> None:
    write(checkpoint, tmp_path / "last.ckpt")
    (tmp_path / "ordinary").touch()
    assert (tmp_path / "last.ckpt").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_full_disk_leaves_the_last_good_file(tmp_path: Path, checkpoint: dict[str, Any]) -> None:
    path = tmp_path / "last.ckpt"
    write(checkpoint, path)
    with (
        largest_file(100_000),
        pytest.raises(UserError, match="File too large; the one written before is") as caught,
    ):
        write({"state_dict": {"w": torch.zeros(900_000)}}, path)
    assert "\n" not in str(caught.value)
    assert torch.equal(read(path)["state_dict"]["w"], checkpoint["state_dict"]["w"])
    assert [p.name for p in tmp_path.iterdir()] == ["last.ckpt"]


def test_nothing_half_written_where_there_was_nothing(tmp_path: Path, checkpoint: dict[str, Any]) -> None:
    with largest_file(100_000), pytest.raises(UserError, match="nothing was written"):
        write(checkpoint, tmp_path / "last.ckpt")
    assert not list(tmp_path.iterdir())


def test_interrupted_writing_leaves_the_last_good_file(
    tmp_path: Path, checkpoint: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.ckpt"
    write(checkpoint, path)

    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint_io.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write({"state_dict": {}}, path)
    assert torch.equal(read(path)["state_dict"]["w"], checkpoint["state_dict"]["w"])
    assert [p.name for p in tmp_path.iterdir()] == ["last.ckpt"]


def test_folder_that_is_a_file(tmp_path: Path, checkpoint: dict[str, Any]) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match=r"cannot write .*taken/last.ckpt: (File exists|Not a directory)"):
        write(checkpoint, tmp_path / "taken" / "last.ckpt")


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no checkpoint .*none.ckpt"):
        read(tmp_path / "none.ckpt")
    with pytest.raises(UserError, match="there is no checkpoint"):
        read(tmp_path)


class Nasty:
    """Unpickling it would make a folder."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    path, proof = tmp_path / "nasty.ckpt", tmp_path / "proof"
    torch.save({"state_dict": {}, "more": Nasty(proof)}, path)
    with pytest.raises(UserError, match=r"nasty.ckpt: it holds pickled code, which is never run") as caught:
        AtomicCheckpointIO().load_checkpoint(path, weights_only=False)
    assert "\n" not in str(caught.value)
    assert not proof.exists()


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated(tmp_path: Path, checkpoint: dict[str, Any], kept: float) -> None:
    path = tmp_path / "last.ckpt"
    write(checkpoint, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(UserError, match="it is truncated or damaged") as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"hello, world", b"PK\x03\x04 no more", b"\x80\x02}q\x00.", b"\x89PNG\r\n" * 9])
def test_foreign_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.ckpt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"foreign.ckpt") as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [torch.zeros(3), {"conv.weight": torch.zeros(3)}, [1, 2]])
def test_tensors_that_are_no_checkpoint(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(UserError, match="is no checkpoint of a run: `gan-zoo import MODEL"):
        read(tmp_path / "weights.pth")


def test_removing_twice(tmp_path: Path, checkpoint: dict[str, Any]) -> None:
    io, path = AtomicCheckpointIO(), tmp_path / "old.ckpt"
    write(checkpoint, path)
    io.remove_checkpoint(path)
    io.remove_checkpoint(path)
    assert not path.exists()
