"""Tensors to pictures and back, and views through their configs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.data import views
from gan_zoo.data.views import Holes, Lab, Plain
from gan_zoo.errors import UserError

from .conftest import photo


def again(view: views.View) -> views.View:
    """The view as a checkpoint gives it back."""
    import io

    file = io.BytesIO()
    torch.save(view.config(), file)
    file.seek(0)
    return views.from_config(torch.load(file, weights_only=True))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_files_come_back_byte_for_byte(channels: int, mode: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels).save(tmp_path / "x.png")
    view = again(Plain({"a": 3, "b": channels}))
    image = view.read(tmp_path / "x.png", "b")
    assert image.shape == (1, channels, 5, 7)
    assert image.min() >= -1
    assert image.max() <= 1
    written = view.write(image, image, "b")
    assert written.mode == mode
    np.testing.assert_array_equal(np.asarray(written).reshape(pixels.shape), pixels)


def test_sixteen_bits_come_back(tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (5, 7), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "x.png")
    view = again(Plain({"a": 1, "b": 1}, {"a": 8, "b": 16}))
    written = view.write(view.read(tmp_path / "x.png", "b"), torch.zeros(1), "b")
    written.save(tmp_path / "y.png")
    with Image.open(tmp_path / "y.png") as back:
        np.testing.assert_array_equal(np.asarray(back), deep)
    assert view.write(view.read(tmp_path / "x.png", "a"), torch.zeros(1), "a").mode == "L"


def test_pictures_of_any_channels() -> None:
    view = Plain({"a": 1, "b": 5})
    tensors = {"gray": torch.zeros(2, 1, 4, 6), "two": torch.ones(2, 2, 4, 6), "five": torch.ones(2, 5, 4, 6) * 9}
    shown = view.pictures(tensors, {})
    assert list(shown) == list(tensors)
    assert all(images.shape == (2, 3, 4, 6) and images.dtype == torch.uint8 for images in shown.values())
    assert shown["gray"].unique().tolist() == [128]
    assert shown["two"][0, :, 0, 0].tolist() == [255, 255, 0]
    assert shown["five"].unique().tolist() == [255]
    with pytest.raises(UserError, match="5 channels cannot be written as a picture"):
        view.write(torch.zeros(1, 5, 4, 6), torch.zeros(1, 1, 4, 6), "b")


def test_lab_recombines_colour_with_the_lightness_of_its_batch(tmp_path: Path) -> None:
    path = photo(tmp_path / "x.png", 7, 5)
    view = again(Lab())
    lightness, chroma = view.read(path, "a"), view.read(path, "b")
    assert lightness.shape == (1, 1, 5, 7)
    assert chroma.shape == (1, 2, 5, 7)
    rgb = np.asarray(Image.open(path))
    np.testing.assert_array_equal(np.asarray(view.write(chroma, lightness, "b")), rgb)
    batch = {"a": lightness.repeat(3, 1, 1, 1), "b": chroma.repeat(3, 1, 1, 1)}
    shown = view.pictures({"real_a": batch["a"], "fake_b": 0 * batch["b"][:2], "real_b": batch["b"]}, batch)
    np.testing.assert_array_equal(shown["real_b"][2].permute(1, 2, 0).numpy(), rgb)
    assert torch.equal(shown["fake_b"][0], shown["real_a"][0])  # no colour is gray
    spread = shown["real_a"].float()
    assert (spread.amax(1) - spread.amin(1)).max() <= 1
    assert shown["fake_b"].shape == (2, 3, 5, 7)


def test_unknown_kinds_are_said() -> None:
    with pytest.raises(UserError, match="a view of kind 'hologram' is not known here"):
        views.from_config({"kind": "hologram"})


def test_unreadable_inputs_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 4, 5), dtype=np.float32))
    with pytest.raises(UserError, match=r"x\.npy: the image has 5 channels, not 3"):
        Plain({"a": 3}).read(tmp_path / "x.npy", "a")
    with pytest.raises(UserError, match=r"nowhere\.png: no such image"):
        Lab().read(tmp_path / "nowhere.png", "a")


def test_only_holes_are_filled() -> None:
    view = views.from_config(Holes({"a": 4, "b": 3}).config())
    holed = torch.full((1, 4, 2, 2), 0.5)
    holed[:, 3], holed[0, 3, 0, 0] = 1, -1
    made = torch.full((1, 3, 2, 2), -1.0)
    shown = view.pictures({"real_a": holed, "fake_b": made}, {"a": holed})
    assert shown["fake_b"][0, :, 0, 0].tolist() == [0, 0, 0]
    assert shown["fake_b"][0, :, 1, 1].tolist() == shown["real_a"][0, :, 1, 1].tolist() == [191, 191, 191]
    assert np.asarray(view.write(made, holed, "b"))[:, :, 0].tolist() == [[0, 191], [191, 191]]


def test_what_lies_under_a_hole_is_not_seen(tmp_path: Path) -> None:
    pixels = np.full((2, 2, 4), 255, dtype=np.uint8)
    pixels[0, 0] = (0, 0, 0, 0)
    pixels[0, 1, 3] = 128
    Image.fromarray(pixels).save(tmp_path / "holes.png")
    read = Holes({"a": 4, "b": 3}).read(tmp_path / "holes.png", "a")
    assert read[0, :, 0, 0].tolist() == read[0, :, 0, 1].tolist() == [0, 0, 0, -1]
    assert read[0, :, 1, 1].tolist() == [1, 1, 1, 1]
