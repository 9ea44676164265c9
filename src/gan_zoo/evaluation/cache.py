"""What judges saw of real pictures, kept from run to run: one file for each data, protocol and network."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

VERSION = 1  # of what the files hold


def folder(typed: str | Path | None) -> Path:
    """``typed``, else $GAN_ZOO_CACHE, else ~/.cache/gan_zoo; below it, this cache's own folder."""
    place = typed or os.environ.get("GAN_ZOO_CACHE") or Path("~/.cache/gan_zoo")
    return Path(place).expanduser() / "metrics"


class Cache:
    """Rows by fingerprint; None as the folder keeps nothing."""

    def __init__(self, place: Path | None) -> None:
        self.place = place

    def path(self, about: Mapping[str, Any]) -> Path | None:
        """The file of rows that depend on all this."""
        if self.place is None:
            return None
        text = json.dumps({"version": VERSION, **about}, sort_keys=True, default=str)
        return self.place / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.pt"

    def read(self, about: Mapping[str, Any]) -> dict[str, Tensor] | None:
        """What is kept; None where there is nothing, or the file is damaged."""
        path = self.path(about)
        if path is None or not path.is_file():
            return None
        try:
            held = torch.load(path, map_location="cpu", weights_only=True)
            return {str(name): rows for name, rows in held["rows"].items() if isinstance(rows, Tensor)}
        except Exception:  # pickle's own class among them; it is written anew
            return None

    def write(self, about: Mapping[str, Any], rows: Mapping[str, Tensor]) -> None:
        """Keep these; a disk that is full or read-only is no reason to stop."""
        path = self.path(about)
        if path is None:
            return
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with suppress(OSError, RuntimeError):
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save({"rows": {name: part.cpu().clone() for name, part in rows.items()}}, temporary)
            os.replace(temporary, path)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def fingerprint(data: Any, split: str) -> str | None:
    """Of a split's files and their preparation; None where the data do not say (``data.fingerprint``)."""
    asked = getattr(data, "fingerprint", None)
    return None if asked is None else str(asked(split))
