"""What a split's tensors depend on, as one short text: files by name, size and time, and how they are prepared.

Pictures that are drawn are told by what they are drawn from and, should the drawing itself change, by the first one.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gan_zoo.data.folders import Source, Split


def fingerprint(root: Path, split: Split, preparation: Iterable[object]) -> str:
    """Changes with any file that is replaced, added or taken away, and with ``preparation``."""
    digest = hashlib.sha256()
    for part in preparation:
        digest.update(f"{part!r}\n".encode())
    for side in (split.a, split.b, *(split.more[name] for name in sorted(split.more))):
        digest.update(b"side\n")
        if side and _is_drawn(side[0]):
            digest.update(np.asarray(side[0].reader(side[0].path)).tobytes())
        for source in side:
            digest.update(f"{_of(root, source)}\n".encode())
    return digest.hexdigest()


def _of(root: Path, source: Source) -> str:
    if _is_drawn(source):  # the reader says from what
        return f"{source.path} {source.reader!r}"
    about = source.path.stat()
    name = source.path.relative_to(root) if source.path.is_relative_to(root) else source.path
    return f"{name} {about.st_size} {about.st_mtime_ns} {source.strip}/{source.strips}"


def _is_drawn(source: Source) -> bool:
    """Whether there is no file."""
    return source.header is not None
