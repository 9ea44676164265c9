"""Small text files that are whole or not there."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError


def write_text(path: Path, text: str, what: str) -> None:
    """Through a temporary name in the same folder, which is made if missing; what was there before stays till then.

    Raises:
        UserError: the file (``what`` it is, in words) cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UserError(f"cannot write {what} {path}: {error.strerror or error}; free some space") from error


def write_json(path: Path, content: Any, what: str) -> None:
    """The same of plain containers; what JSON does not know is written as its text.

    Raises:
        UserError: the file (``what`` it is, in words) cannot be written.
    """
    write_text(path, json.dumps(content, indent=2, default=str) + "\n", what)
