"""Files of published weights, from a server of this machine."""

import hashlib
import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from gan_zoo.data.transfer import Patience
from gan_zoo.errors import UserError
from gan_zoo.training.weight_files import find, read

INSTEAD = "train without it: model.lambda_vgg=0"
QUICK = Patience(tries=1, pause=0.01, timeout=5)
NOWHERE = "http://127.0.0.1:9/line-00000000.pth"  # nobody listens there


def content() -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.full((1, 3, 1, 1), 2.0), "classifier": torch.ones(1)}, buffer)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()


def name(data: bytes) -> str:
    return f"line-{hashlib.sha256(data).hexdigest()[:8]}.pth"


def test_downloaded_once_checked_and_kept_in_torch_hubs_folder(server: str, tmp_path: Path, hub: Path) -> None:
    data = content()
    served = tmp_path / "served" / name(data)
    served.write_bytes(data)
    url = f"{server}/{name(data)}"
    assert find("Line", None, url, INSTEAD, QUICK) == hub / name(data)
    assert read(hub / name(data), INSTEAD)["weight"].shape == (1, 3, 1, 1)
    assert [path.name for path in hub.iterdir()] == [name(data)]
    served.unlink()
    assert find("Line", None, url, INSTEAD, QUICK) == hub / name(data)


def test_another_content_than_the_name_says_is_not_kept(server: str, tmp_path: Path, hub: Path) -> None:
    (tmp_path / "served" / "line-12345678.pth").write_bytes(content())
    with pytest.raises(UserError, match=r"SHA-256 begins with .*, not 12345678; put the right one at") as caught:
        find("Line", None, f"{server}/line-12345678.pth", INSTEAD, QUICK)
    assert "\n" not in str(caught.value)
    assert not list(hub.iterdir())


def test_a_damaged_file_in_the_folder_is_named(hub: Path) -> None:
    hub.mkdir(parents=True)
    (hub / "line-00000000.pth").write_bytes(b"half")
    with pytest.raises(UserError, match=r"line-00000000.pth is damaged"):
        find("Line", None, NOWHERE, INSTEAD, QUICK)


def test_without_network_and_file_one_line_says_where_to_put_it_and_what_else(hub: Path) -> None:
    with pytest.raises(UserError) as caught:
        find("Line", None, NOWHERE, INSTEAD, QUICK)
    line = str(caught.value)
    assert "\n" not in line
    assert f"Put {NOWHERE} at {hub / 'line-00000000.pth'}" in line
    assert INSTEAD in line


def test_a_file_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(content())
    assert find("Line", str(path), NOWHERE, INSTEAD) == path
    with pytest.raises(UserError, match=r"there are no weights at .*none.pth.*model.lambda_vgg=0"):
        find("Line", str(tmp_path / "none.pth"), NOWHERE, INSTEAD)
    with pytest.raises(UserError, match=r"nowhere to download: .*weights="):
        find("Line", None, "", INSTEAD)


def test_what_is_no_file_of_weights(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    for wrong in (b"text", b""):
        path.write_bytes(wrong)
        with pytest.raises(UserError, match="cannot read weights") as caught:
            read(path, INSTEAD)
        assert "\n" not in str(caught.value)
    torch.save([torch.ones(1)], path)
    with pytest.raises(UserError, match="holds no weights"):
        read(path, INSTEAD)
