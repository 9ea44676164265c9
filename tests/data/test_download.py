"""Archives from a local server: whole, cut off, evil, or pages in their place."""

import io
import os
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gan_zoo.data import download, registry
from gan_zoo.errors import UserError

from .conftest import photo
from .server import QUICK, Served, server


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("trainA", "trainB"):
        for i in range(2):
            photo(tmp_path / "tree" / "tiny" / folder / f"{i}.png", 8, 8, seed=i + len(folder) + ord(folder[-1]))
    return tmp_path / "tree"


def zipped(tree: Path, top: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(tree.rglob("*.png")):
            archive.write(path, path.relative_to(tree if top else tree / "tiny"))
    return out.getvalue()


def tarred(tree: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.add(tree / "tiny", "tiny")
    return out.getvalue()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set ``tiny`` in the registry, whose address a test sets with ``point``."""
    entry = replace(registry.entry("horse2zebra"), name="tiny", counts={"trainA": 2, "trainB": 2})
    monkeypatch.setitem(registry._BY_NAME, "tiny", entry)


def point(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(registry._BY_NAME, "tiny", replace(registry.entry("tiny"), url=url))


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


WHOLE = {"tiny/trainA/0.png", "tiny/trainA/1.png", "tiny/trainB/0.png", "tiny/trainB/1.png"}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("form", ["zip", "zip without a top folder", "tar"])
def test_fetch_puts_the_whole_set_in_place(
    form: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tarred(tree) if form == "tar" else zipped(tree, top="without" not in form)
    said: list[str] = []
    steps: list[tuple[int, int | None]] = []
    with server(Served(content)) as served:
        point(monkeypatch, served.url)
        home = tmp_path / "home"
        where = download.fetch("tiny", home, lambda *step: steps.append(step), said.append, QUICK)
        assert where == home / "tiny"
        assert files(home) == WHOLE
        assert where.stat().st_mode & 0o055 == 0o055 & ~_umask()
        assert steps[-1] == (len(content), len(content))
        assert any("licence: ImageNet terms" in line for line in said)
        before = len(served.asked)
        assert download.fetch("tiny", home, say=said.append) == where
        assert len(served.asked) == before
        assert "already" in said[-1]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


QUOTA = b"<!DOCTYPE html><html><head><title>Google Drive - Quota\n exceeded</title></head><body>Sorry</body></html>"


@pytest.mark.usefixtures("known")
def test_a_page_in_place_of_the_archive_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(Served(page=QUOTA)) as served:
        point(monkeypatch, served.url)
        with pytest.raises(UserError, match=r"a web page \(Google Drive - Quota exceeded\) instead of the archive"):
            download.fetch("tiny", tmp_path / "home", patience=QUICK)
    assert files(tmp_path / "home") == set()


@pytest.mark.usefixtures("known")
def test_a_truncated_archive_is_removed_and_nothing_is_left(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = zipped(tree)
    with server(Served(whole[: len(whole) // 2])) as served:
        point(monkeypatch, served.url)
        with pytest.raises(UserError, match="neither a whole zip nor a tar"):
            download.fetch("tiny", tmp_path / "home", patience=QUICK)
        assert files(tmp_path / "home") == set()
        served.content, served.tag = whole, '"two"'
        download.fetch("tiny", tmp_path / "home", patience=QUICK)
    assert files(tmp_path / "home") == WHOLE


@pytest.mark.usefixtures("known")
def test_an_evil_archive_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("tiny/trainA/../../../../evil.txt", "x")
    with server(Served(out.getvalue())) as served:
        point(monkeypatch, served.url)
        with pytest.raises(UserError, match="not safe"):
            download.fetch("tiny", tmp_path / "a" / "b" / "home", patience=QUICK)
    assert files(tmp_path / "a") == set()


@pytest.mark.usefixtures("known")
def test_counts_hashes_and_folders_are_checked(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tree).as_posix()}"
        for path in sorted(tree.rglob("*.png"))
    ]
    monkeypatch.setattr(registry, "CHECKSUMS", tmp_path)
    listed = tmp_path / "tiny.sha256"
    listed.write_text("\n".join(lines))
    said: list[str] = []
    with server(Served(zipped(tree))) as served:
        point(monkeypatch, served.url)
        download.fetch("tiny", tmp_path / "good", say=said.append, patience=QUICK)
        assert said[-1] == "tiny: sha256 of every file agrees"
        listed.write_text("\n".join([lines[0].replace(lines[0][:4], "0000", 1), *lines[1:]]))
        with pytest.raises(UserError, match=r"1 files are not the original ones \(first: trainA/0.png differs\)"):
            download.fetch("tiny", tmp_path / "wrong", patience=QUICK)
        assert files(tmp_path / "wrong") == set()
        listed.unlink()
        monkeypatch.setitem(
            registry._BY_NAME, "tiny", replace(registry.entry("tiny"), counts={"trainA": 3, "trainB": 2})
        )
        download.fetch("tiny", tmp_path / "counted", say=said.append, patience=QUICK)
        assert "tiny: trainA holds 2 images, expected were 3" in said
        monkeypatch.setitem(registry._BY_NAME, "tiny", replace(registry.entry("tiny"), counts={"train": 3}))
        with pytest.raises(UserError, match="holds no folders train"):
            download.fetch("tiny", tmp_path / "other", patience=QUICK)


@pytest.mark.usefixtures("known")
def test_an_unwritable_place_and_embedded_sets_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot write there"):
        download.fetch("tiny", tmp_path / "file" / "home", patience=QUICK)
    with pytest.raises(UserError, match="comes with the package"):
        download.fetch("edges2shoes_cc0", tmp_path)
    with pytest.raises(UserError, match=r"cityscapes cannot be downloaded here .*register at .*data\.root=FOLDER$"):
        download.fetch("cityscapes", tmp_path)
    with pytest.raises(UserError, match="did you mean horse2zebra"):
        download.fetch("horse2zebras", tmp_path)


@pytest.mark.usefixtures("known")
def test_a_full_disk_keeps_the_download(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped(tree)
    with server(Served(content)) as served:
        point(monkeypatch, served.url)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(download, "unpack", full)
            with pytest.raises(UserError, match="the disk is full"):
                download.fetch("tiny", tmp_path / "home", patience=QUICK)
        assert files(tmp_path / "home") == {".tiny.part", ".tiny.part.json"}
        download.fetch("tiny", tmp_path / "home", patience=QUICK)
        assert files(tmp_path / "home") == WHOLE
        assert [wanted for _, wanted in served.asked] == [None, f"bytes={len(content)}-"]
