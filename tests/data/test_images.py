"""Every kind of file is read with its value range kept, or named in one line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.data import images
from gan_zoo.data.images import Header
from gan_zoo.errors import UserError

from .conftest import photo


def eight(width: int = 6, height: int = 4, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def unit(path: Path, channels: int) -> np.ndarray:
    return images.to_unit(images.with_channels(images.read(path), channels))


@pytest.mark.parametrize("ending", ["png", "bmp", "ppm", "tif", "TIFF", "webp", "gif", "tga"])
def test_formats(ending: str, tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), dtype=np.uint8)
    pixels[:, :3] = [255, 0, 0]
    path = tmp_path / f"x.{ending}"
    options = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(pixels).save(path, **options)
    assert images.is_image(path)
    assert images.read_header(path) == Header(6, 4, 3, 8)
    np.testing.assert_array_equal(unit(path, 3), pixels.transpose(2, 0, 1) / 255)


@pytest.mark.parametrize(
    ("mode", "header"), [("1", 1), ("L", 1), ("LA", 2), ("P", 3), ("RGBA", 4), ("CMYK", 4), ("YCbCr", 3)]
)
def test_modes(mode: str, header: int, tmp_path: Path) -> None:
    path = tmp_path / ("x.tif" if mode in ("CMYK", "YCbCr") else "x.png")
    Image.fromarray(eight()).convert("RGBA" if mode == "LA" else mode).convert(mode).save(path)
    assert images.read_header(path).channels == header
    expected = np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_array_equal(unit(path, 3), expected)
    luma = np.asarray(Image.open(path).convert("L"))[None] / np.float32(255)
    assert np.abs(unit(path, 1) - luma).max() <= 1 / 255


def test_sixteen_bits_keep_their_values(tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (4, 6), dtype=np.uint16)
    for name in ("x.png", "x.tif"):
        Image.fromarray(deep).save(tmp_path / name)
        assert images.read_header(tmp_path / name) == Header(6, 4, 1, 16)
        np.testing.assert_allclose(unit(tmp_path / name, 1)[0], deep / 65535, atol=1e-7)
        assert unit(tmp_path / name, 3).shape == (3, 4, 6)


def test_sixteen_bit_colour_png(tmp_path: Path) -> None:
    import struct
    import zlib

    deep = np.random.default_rng(2).integers(0, 65536, (4, 6, 3)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in deep)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 6, 4, 16, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path = tmp_path / "deep.png"
    path.write_bytes(png)
    assert images.read_header(path) == Header(6, 4, 3, 16)
    np.testing.assert_allclose(unit(path, 3), deep.transpose(2, 0, 1) / 65535, atol=1e-7)
    path.write_bytes(png[:60])
    with pytest.raises(UserError, match=r"deep\.png: not a readable image"):
        images.read(path)


def test_arrays(tmp_path: Path) -> None:
    bands = np.random.default_rng(3).random((4, 6, 5)).astype(np.float32)
    np.save(tmp_path / "f.npy", bands)
    np.testing.assert_array_equal(unit(tmp_path / "f.npy", 5), bands.transpose(2, 0, 1))
    assert images.read_header(tmp_path / "f.npy") == Header(6, 4, 5, 32)
    np.save(tmp_path / "u8.npy", eight(channels=5))
    np.testing.assert_array_equal(unit(tmp_path / "u8.npy", 5), eight(channels=5).transpose(2, 0, 1) / np.float32(255))
    np.save(tmp_path / "gray.npy", eight()[:, :, 0])
    np.testing.assert_array_equal(unit(tmp_path / "gray.npy", 1)[0], eight()[:, :, 0] / np.float32(255))
    np.save(tmp_path / "u16.npy", np.full((2, 2), 65535, dtype=np.uint16))
    assert unit(tmp_path / "u16.npy", 1).max() == 1
    with pytest.raises(UserError, match=r"5 channels, not 3: set data\.channels"):
        unit(tmp_path / "f.npy", 3)
    for name, array, said in [
        ("range", np.full((2, 2), 1.5), "float values outside"),
        ("nan", np.full((2, 2), np.nan), "float values outside"),
        ("below", np.full((2, 2), -1), "values outside 0..65535"),
        ("complex", np.zeros((2, 2), dtype=complex), "an array of complex128"),
        ("flat", np.zeros(4), "1 dimensions"),
    ]:
        np.save(tmp_path / f"{name}.npy", array)
        with pytest.raises(UserError, match=rf"{name}\.npy: .*{said}"):
            images.read(tmp_path / f"{name}.npy")


def test_pickled_arrays_are_not_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "evil.npy", np.array([[object()]], dtype=object), allow_pickle=True)
    for ask in (images.read, images.read_header):
        with pytest.raises(UserError, match=r"evil\.npy: not a readable image"):
            ask(tmp_path / "evil.npy")


def test_float_tiffs(tmp_path: Path) -> None:
    values = np.random.default_rng(4).random((4, 6), dtype=np.float32)
    Image.fromarray(values).save(tmp_path / "f.tif")
    np.testing.assert_array_equal(unit(tmp_path / "f.tif", 1)[0], values)
    assert images.read_header(tmp_path / "f.tif").bits == 32


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(eight(6, 4)).save(tmp_path / "x.png", exif=exif)
    assert images.read_header(tmp_path / "x.png") == Header(4, 6, 3, 8)
    np.testing.assert_array_equal(
        unit(tmp_path / "x.png", 3), np.rot90(eight(6, 4), -1).transpose(2, 0, 1) / np.float32(255)
    )


@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
def test_broken_files_are_named(ending: str, tmp_path: Path) -> None:
    whole = photo(tmp_path / f"whole.{ending}", 64, 64).read_bytes()
    for name, content, said in [
        ("empty", b"", r"the file is empty \(0 bytes\)"),
        ("text", b"hello, world", "not a readable image"),
        ("cut", whole[: len(whole) // 2], "not a readable image"),
    ]:
        path = tmp_path / f"{name}.{ending}"
        path.write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}\.{ending}: {said}") as caught:
            images.read(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no such image"):
        images.read(tmp_path / f"missing.{ending}")
    for name in ("empty", "text", "missing"):
        with pytest.raises(UserError, match=name):
            images.read_header(tmp_path / f"{name}.{ending}")


def test_names() -> None:
    assert images.is_image(Path("a/B.JPG"))
    assert not images.is_image(Path("a/.hidden.jpg"))
    assert not images.is_image(Path("a/LICENSE.txt"))


def test_halves_of_an_odd_width() -> None:
    picture = Image.fromarray(eight(7, 4))
    assert images.size(images.strip(picture, 0, 2)) == (3, 4)
    assert images.size(images.strip(picture, 1, 2)) == (4, 4)
    deep = eight(7, 4).astype(np.float32) / 255
    assert images.size(images.strip(deep, 1, 2)) == (4, 4)
    assert images.strip(picture, 0, 1) is picture


def test_geometry_is_the_same_for_bytes_and_floats() -> None:
    picture, deep = Image.fromarray(eight(7, 5)), eight(7, 5).astype(np.float32) / np.float32(255)
    for x, y in ((1, 2), (5, 3)):  # the second one reaches beyond the picture: black
        a, b = images.boxed(picture, x, y, 4, 3), images.boxed(deep, x, y, 4, 3)
        np.testing.assert_allclose(images.to_unit(a), images.to_unit(b), atol=1e-7)
    np.testing.assert_allclose(
        images.to_unit(images.mirrored(picture)), images.to_unit(images.mirrored(deep)), atol=1e-7
    )
    assert images.resampled(deep, 7, 5) is deep
    assert torch.from_numpy(images.to_unit(images.resampled(deep, 9, 4))).shape == (3, 4, 9)


def test_channels_of_float_pictures() -> None:
    deep = np.random.default_rng(5).random((4, 6, 4), dtype=np.float32)
    assert images.with_channels(deep, 4) is deep
    np.testing.assert_array_equal(images.with_channels(deep, 3), deep[:, :, :3])
    np.testing.assert_allclose(
        images.with_channels(deep, 1)[:, :, 0], deep[:, :, :3] @ np.float32([0.299, 0.587, 0.114]), atol=1e-6
    )
    gray = deep[:, :, :1]
    np.testing.assert_array_equal(images.with_channels(gray, 3), np.repeat(gray, 3, axis=2))
    np.testing.assert_array_equal(images.with_channels(deep[:, :, :2], 1), gray)
    with pytest.raises(UserError, match="3 channels, not 7"):
        images.with_channels(Image.fromarray(eight()), 7)
    with pytest.raises(UserError, match="4 channels, not 2"):
        images.with_channels(deep, 2)
