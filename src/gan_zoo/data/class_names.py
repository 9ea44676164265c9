"""The names of classes: from a list that lies beside the label maps, or as typed."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError

_NUMBERED = re.compile(r"(\d+)\s*[:,;\s]\s*(\S.*)")  # "3 road", "3: road"


def class_names(root: Path, given: Mapping[Any, Any] | Sequence[str] | None = None) -> dict[str, int]:
    """Ids by name: as given, else from ``labels.txt`` or ``classes.json`` in the folder, else none.

    A list counts from 0, as the lines of the file do unless they begin with a number; a mapping may go either way.
    Raises ``UserError``.
    """
    if given is not None:
        return _ids(given, "data.class_names")
    if (text := root / "labels.txt").is_file():
        return _lines(text)
    if (listed := root / "classes.json").is_file():
        try:
            return _ids(json.loads(listed.read_text(encoding="utf-8")), str(listed))
        except (ValueError, OSError) as error:
            raise UserError(f"{listed}: cannot be understood ({error})") from error
    return {}


def _lines(path: Path) -> dict[str, int]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: cannot be read as text ({error})") from error
    lines = [line for line in lines if line and not line.startswith("#")]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if lines and all(numbered):
        return {found[2]: int(found[1]) for found in numbered if found}
    return {line: number for number, line in enumerate(lines)}


def _ids(listed: Any, where: str) -> dict[str, int]:
    try:
        if isinstance(listed, Mapping):
            pairs = [(key, value) for key, value in listed.items()]
            turned = [(value, key) if str(key).isdecimal() else (key, value) for key, value in pairs]
            return {str(name): int(number) for name, number in turned}
        if isinstance(listed, Sequence) and not isinstance(listed, str):
            return {str(name): number for number, name in enumerate(listed)}
    except (ValueError, TypeError):
        pass
    raise UserError(f"{where}: expected a list of names, or a mapping of ids to names, not {str(listed)[:60]}")
