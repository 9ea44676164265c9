"""Archives from strangers: what is unpacked, and what never is."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from gan_zoo.data import unpack
from gan_zoo.errors import UserError


def zip_with(path: Path, *members: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def tar_with(path: Path, *members: tuple[str, bytes, bytes, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, link, len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_zip_and_tar_are_told_by_content(tmp_path: Path) -> None:
    wanted = {"a", "a/b.txt", "empty"}
    for name, made in [
        ("1", zip_with(tmp_path / "x.tar.gz", ("a/b.txt", b"hi", 0o100644), ("empty/", b"", 0o040755))),
        (
            "2",
            tar_with(tmp_path / "x.zip", ("a/b.txt", b"hi", tarfile.REGTYPE, ""), ("empty", b"", tarfile.DIRTYPE, "")),
        ),
    ]:
        (tmp_path / name).mkdir()
        unpack.unpack(made, tmp_path / name)
        assert below(tmp_path / name) == wanted
        assert (tmp_path / name / "a/b.txt").read_bytes() == b"hi"


def test_litter_is_left_out(tmp_path: Path) -> None:
    made = zip_with(tmp_path / "x.zip", ("__MACOSX/._a.jpg", b"x", 0), ("t/.DS_Store", b"x", 0), ("t/a.jpg", b"x", 0))
    (tmp_path / "out").mkdir()
    unpack.unpack(made, tmp_path / "out")
    assert below(tmp_path / "out") == {"t", "t/a.jpg"}


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "C:/evil", "a\\..\\..\\evil", "\\evil"])
def test_no_member_leaves_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for made in (
        zip_with(tmp_path / "x.zip", ("good", b"x", 0), (name, b"x", 0)),
        tar_with(tmp_path / "x.tar", (name, b"x", tarfile.REGTYPE, "")),
    ):
        with pytest.raises(UserError, match="would be written outside its folder"):
            unpack.unpack(made, tmp_path / "out")
    assert below(tmp_path) <= {"out", "out/good", "x.zip", "x.tar"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_no_links_and_devices_from_tar(kind: bytes, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    made = tar_with(tmp_path / "x.tar", ("link", b"", kind, "/etc/passwd"))
    with pytest.raises(UserError, match="is a link or a device"):
        unpack.unpack(made, tmp_path / "out")
    assert below(tmp_path / "out") == set()


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o020644, 0o060644, 0o140644])
def test_no_links_and_devices_from_zip(mode: int, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="is a link or a device"):
        unpack.unpack(zip_with(tmp_path / "x.zip", ("link", b"/etc/passwd", mode)), tmp_path / "out")
    assert below(tmp_path / "out") == set()


def test_bombs_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "SOME", 1000)
    (tmp_path / "out").mkdir()
    made = zip_with(tmp_path / "x.zip", ("zeros", bytes(3 << 20), 0))
    with pytest.raises(UserError, match="unpacks to more than 50 times its size"):
        unpack.unpack(made, tmp_path / "out")


def test_damage_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    whole = zip_with(tmp_path / "x.zip", ("a", bytes(range(256)) * 40, 0)).read_bytes()
    (tmp_path / "bent.zip").write_bytes(whole[:60] + b"\xff" * 20 + whole[80:])
    with pytest.raises(UserError, match=r"bent\.zip: the archive is damaged"):
        unpack.unpack(tmp_path / "bent.zip", tmp_path / "out")
    tar = tar_with(tmp_path / "x.tar", *((f"a{i}", bytes(range(256)) * 300, tarfile.REGTYPE, "") for i in range(9)))
    (tmp_path / "cut.tar").write_bytes(tar.read_bytes()[:-300])
    (tmp_path / "out2").mkdir()
    with pytest.raises(UserError, match="the archive is damaged"):
        unpack.unpack(tmp_path / "cut.tar", tmp_path / "out2")
    (tmp_path / "page.zip").write_text("<html>no</html>")
    with pytest.raises(UserError, match="neither a whole zip nor a tar"):
        unpack.unpack(tmp_path / "page.zip", tmp_path / "out2")


def test_two_members_of_one_name_are_damage(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    made = tar_with(tmp_path / "x.tar", *(("a", b"x", tarfile.REGTYPE, "") for _ in range(2)))
    with pytest.raises(UserError, match="two members are called a"):
        unpack.unpack(made, tmp_path / "out")
