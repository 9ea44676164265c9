"""Checkpoint files that are either whole or not there, and that are read without running what they may contain."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

from gan_zoo.errors import UserError


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the old file, onto the disk, then in its place: whenever a run dies, one whole file stands.

    Raises:
        UserError: the file cannot be written (disk full, no permission; the old one stays), or not be read.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write ``checkpoint`` (tensors and plain containers) to ``path``."""
        write(checkpoint, Path(path))

    def load_checkpoint(
        self, path: str | Path, map_location: Any = lambda storage, loc: storage, weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint; tensors and plain containers only, whatever ``weights_only`` says."""
        return read(path, map_location)

    def remove_checkpoint(self, path: str | Path) -> None:
        """Delete a file; one that is gone already, or that may not be deleted, does not end a training."""
        with suppress(OSError):
            Path(path).unlink()


def write(checkpoint: dict[str, Any], path: Path) -> None:
    """``torch.save`` to a temporary file in the same folder, flushed to the disk, then moved to ``path``.

    Raises:
        UserError: the folder cannot be written to or is full; ``path`` is as it was before.
    """
    temporary = path.with_name(f".{path.name}.tmp")  # one name, so that killed runs do not leave more and more files
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError | RuntimeError):
            raise UserError(f"cannot write the checkpoint {path}: {_reason(error)}; {_what_is_left(path)}") from error
        raise


def read(path: str | Path, map_location: Any = "cpu") -> dict[str, Any]:
    """A checkpoint's content; code that it may contain is never run.

    Raises:
        UserError: no such file, a truncated one, one with pickled code, or one that is no checkpoint.
    """
    if not Path(path).is_file():
        raise UserError(f"there is no checkpoint {path}")
    try:
        checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except OSError as error:
        raise UserError(f"cannot read the checkpoint {path}: {error.strerror or error}") from error
    except Exception as error:  # pickle's own class among them
        raise UserError(f"cannot read the checkpoint {path}: {_defect(error)}") from error
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        raise UserError(f"{path} is no checkpoint of a run: `gan-zoo import MODEL {path}` reads a reference's weights")
    return checkpoint


def _defect(error: Exception) -> str:
    text = str(error)
    if "GLOBAL" in text or "Unsupported" in text:
        return "it holds pickled code, which is never run; get a file of tensors and plain values only"
    if "central directory" in text or "PytorchStreamReader" in text or isinstance(error, EOFError):
        return "it is truncated or damaged; use an older one, or copy it again"
    return "it is no file that torch.save wrote; give the path of a .ckpt file"


def _reason(error: Exception) -> str:
    """The operating system's words: torch's writer hides them behind an error of its own."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__context__
    return str(error).splitlines()[0]


def _what_is_left(path: Path) -> str:
    kept = "the one written before is still there" if path.is_file() else "nothing was written"
    return f"{kept}; free some space or choose another folder"


def _sync_folder(folder: Path) -> None:
    """Make the file's new name outlast a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
