"""Fetch a data set of the registry: resumed after a broken connection, checked, unpacked safely, in place all at once
or not at all.

An archive grows as ``.<name>.part`` in the folder that will hold the data set, and is unpacked beside it; the data set
appears under its name by one rename, when everything has been checked.
"""

import errno
import os
import tempfile
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gan_zoo.data import registry
from gan_zoo.data.check import wrong_checksums
from gan_zoo.data.folders import images_below, subfolders
from gan_zoo.data.registry import Entry
from gan_zoo.data.transfer import Patience, Progress, download, forget, nothing
from gan_zoo.data.unpack import unpack
from gan_zoo.errors import UserError

Say = Callable[[str], None]


def fetch(
    name: str,
    root: str | Path | None = None,
    progress: Progress = nothing,
    say: Say = nothing,
    patience: Patience = Patience(),
) -> Path:
    """The folder of data set ``name`` below ``root`` (None: ``registry.home()``), downloaded if it is not there yet.

    ``say`` gets the licence and what was checked, line by line. Raises ``UserError``; what was downloaded so far is
    kept for the next call, nothing half-written stands under the data set's name.
    """
    entry = registry.entry(name)
    if entry.by_hand:
        raise UserError(f"{name} cannot be downloaded here ({entry.licence}): {entry.by_hand}, then data.root=FOLDER")
    if not entry.url:
        raise UserError(f"{name} comes with the package: nothing to download, data={name} is enough")
    home = Path(root).expanduser() if root is not None else registry.home()
    target = home / name
    if target.is_dir() and any(target.iterdir()):
        say(f"{name} is already at {target}")
        return target
    say(f"{entry.name}: {entry.summary}; licence: {entry.licence}")
    with _plain_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        archive = home / f".{name}.part"
        download(entry.url, archive, progress, patience)
        install(entry, archive, target, say)
    return target


def install(entry: Entry, archive: Path, target: Path, say: Say = nothing) -> None:
    """Unpack an archive beside ``target``, check it, and rename it into place; the archive is removed if it was used
    up.

    Raises ``UserError``; a damaged archive is removed as well, so that the next download starts anew.
    """
    with tempfile.TemporaryDirectory(prefix=f".{entry.name}-", dir=target.parent) as folder:
        try:
            inside = Path(folder, "content")  # not the folder itself, which only its owner may read
            inside.mkdir()
            unpack(archive, inside)
            content = _content(inside, entry)
            for line in _verified(entry, content):
                say(line)
        except UserError:
            forget(archive)
            raise
        if target.is_dir():
            target.rmdir()  # empty, or another process was faster and this raises
        os.rename(content, target)
    forget(archive)


def _content(folder: Path, entry: Entry) -> Path:
    """The shallowest folder that holds the data set's own folders (archives differ in how they are wrapped)."""
    wanted = {name.lower() for name in entry.counts}
    level = [folder]
    for _ in range(4):
        for place in level:
            if wanted <= set(subfolders(place)):
                return place
        level = [inner for place in level for inner in subfolders(place).values()]
    raise UserError(
        f"{entry.url}: the archive holds no folders {', '.join(entry.counts)}: another data set under that name?"
    )


def _verified(entry: Entry, content: Path) -> Iterator[str]:
    """Lines about counts and hashes. Raises ``UserError`` where a hash is wrong or a folder is empty."""
    inside = subfolders(content)
    for name, count in entry.counts.items():
        found = len(images_below(inside[name.lower()]))
        if not found:
            raise UserError(f"{entry.url}: {name}/ of the archive holds no images")
        if found != count:
            yield f"{entry.name}: {name} holds {found} images, expected were {count}"
    if entry.checksums is None:
        yield f"{entry.name}: no list of hashes is known; sizes and counts were checked"
        return
    wrong = wrong_checksums(content, entry.checksums)
    if wrong:
        raise UserError(
            f"{entry.url}: {len(wrong)} files are not the original ones (first: {wrong[0]}): download again"
        )
    yield f"{entry.name}: sha256 of every file agrees"


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    """Errors of the disk in one line."""
    try:
        yield
    except OSError as error:
        if isinstance(error, urllib.error.URLError):
            raise
        full = "the disk is full: make room, then run the same command again"
        why = full if error.errno == errno.ENOSPC else f"cannot write there ({error.strerror or error})"
        raise UserError(f"{folder}: {why}") from error
