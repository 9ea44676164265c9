"""Unpack zip and tar archives from strangers: nothing leaves the folder, and only plain files and folders come out."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from gan_zoo.errors import UserError

_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db")
# Images hardly compress: what unpacks to so many times its own size is no data set.
MOST_GROWTH, SOME = 50, 100 << 20


def unpack(archive: Path, folder: Path) -> None:
    """Unpack ``archive`` into ``folder`` (which exists). Its format is told by its content, not by its name.

    Raises ``UserError`` for anything that is no whole zip or tar, for members that lie outside the folder, for links
    and devices, and for archives that grow beyond reason. What was unpacked before the error is left to the caller.
    """
    room = _Room(archive)
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, folder, room)
        elif tarfile.is_tarfile(archive):
            _untar(archive, folder, room)
        else:
            raise UserError(f"{archive}: neither a whole zip nor a tar archive: it was removed, download it again")
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
        raise UserError(f"{archive}: the archive is damaged ({error}): download it again") from error


def _unzip(archive: Path, folder: Path, room: "_Room") -> None:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16
            plain = stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFDIR)
            place = _place(info.filename, folder, archive, plain)
            if place is None:
                continue
            if info.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            with opened.open(info) as source:
                room.copy(source, place)


def _untar(archive: Path, folder: Path, room: "_Room") -> None:
    with tarfile.open(archive) as opened:
        for member in opened:
            place = _place(member.name, folder, archive, member.isreg() or member.isdir())
            if place is None:
                continue
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            source = opened.extractfile(member)
            assert source is not None  # it is a regular file
            with source:
                room.copy(source, place)


def _place(name: str, folder: Path, archive: Path, plain: bool) -> Path | None:
    """Where a member goes; None for a system's litter. Raises ``UserError`` where it must not go."""
    path = PurePosixPath(name.replace("\\", "/"))
    outside = (
        path.is_absolute() or ".." in path.parts or ":" in (path.parts[0] if path.parts else "")[:2] or "\0" in name
    )
    if outside or not plain:
        what = "would be written outside its folder" if outside else "is a link or a device"
        raise UserError(f"{archive}: the archive is not safe: its member {name!r} {what}; nothing was unpacked")
    if any(part in _LITTER or part.startswith("._") for part in path.parts):
        return None
    return folder.joinpath(*path.parts)


class _Room:
    """How much an archive may still unpack to."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.left = archive.stat().st_size * MOST_GROWTH + SOME

    def copy(self, source: IO[bytes], place: Path) -> None:
        """Write one member, never over another one."""
        if place.exists():
            raise UserError(
                f"{self.archive}: the archive is damaged (two members are called {place.name}): download it again"
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            while chunk := source.read(1 << 20):
                self.left -= len(chunk)
                if self.left < 0:
                    raise UserError(
                        f"{self.archive}: unpacks to more than {MOST_GROWTH} times its size: no data set does"
                    )
                file.write(chunk)
