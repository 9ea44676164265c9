"""Files of published weights: found, downloaded, held to their checksum, read without running what they may contain."""

import hashlib
import os
import re
from pathlib import Path

import torch
from torch import Tensor

from gan_zoo.data.transfer import Patience, download, forget
from gan_zoo.errors import UserError


def find(name: str, weights: str | None, url: str, instead: str, patience: Patience = Patience()) -> Path:
    """The file of a network's weights: the one named, else the one of ``url`` in torch hub's folder of checkpoints.

    Args:
        name: of the network, for messages.
        weights: a file, or None.
        url: whose last part ends in the beginning of the file's SHA-256: ``NAME-xxxxxxxx.pth``; "": nowhere published.
        instead: what a user without the file can do, the end of every message.
        patience: with the network.

    Raises:
        UserError: it is not where it was said to be, or is damaged, or cannot be downloaded.
    """
    if weights is not None:
        path = Path(weights).expanduser()
        if not path.is_file():
            raise UserError(f"there are no weights at {path}: name another file, or {instead}")
        return path
    if not url:
        raise UserError(f"the weights of {name} are nowhere to download: name a file with weights=, or {instead}")
    path = Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2])
    if path.is_file():
        check(path, path.name, "delete it and start again")
        return path
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        download(url, unfinished, patience=patience)
    except (UserError, OSError) as error:
        reason = str(error).partition("; ")[0]
        raise UserError(f"no weights for {name}: {reason}. Put {url} at {path}, or {instead}") from error
    try:
        check(unfinished, path.name, f"put the right one at {path}, or {instead}")
        os.replace(unfinished, path)
    finally:
        forget(unfinished)
    return path


def check(path: Path, name: str, then: str) -> None:
    """Hold a file's SHA-256 to the beginning of it that ``name`` tells; a name without one tells nothing.

    Raises:
        UserError: they differ; ``then`` is what to do.
    """
    told = re.search(r"-([0-9a-f]{8,})\.\w+$", name)
    if told is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(told[1]):
        raise UserError(f"{path} is damaged: its SHA-256 begins with {found[:8]}, not {told[1]}; {then}")


def read(path: Path, instead: str) -> dict[str, Tensor]:
    """A file of bare weights.

    Raises:
        UserError: it is no such file.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle's own class among them
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"cannot read weights from {path}: {reason}; name another file, or {instead}") from error
    if not isinstance(state, dict):
        raise UserError(f"{path} holds no weights: name another file, or {instead}")
    return state
