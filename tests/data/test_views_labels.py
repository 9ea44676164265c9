"""Label maps as pictures, and ids from files and names."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.data import views
from gan_zoo.data.views_labels import Labels, coloured, outlines
from gan_zoo.errors import UserError

from .conftest import id_map, photo


def again(view: Labels) -> Labels:
    found = views.from_config(view.config())
    assert isinstance(found, Labels)
    return found


def test_every_id_has_its_own_lasting_colour() -> None:
    ids = torch.arange(70_000).view(1, 1, 100, 700)
    colours = coloured(ids)
    assert colours.shape == (1, 3, 100, 700)
    assert colours.flatten(2)[0].T.unique(dim=0).shape[0] == 70_000
    voc = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 7: (128, 128, 128), 15: (192, 128, 128), 255: (224, 224, 192)}
    for number, colour in voc.items():  # PASCAL VOC's development kit
        assert tuple(colours[0, :, 0, number].tolist()) == colour


def test_outlines_separate_neighbours() -> None:
    lines = outlines(torch.tensor([[[[5, 5, 7], [5, 5, 7], [6, 5, 7]]]]))
    assert lines[0, 0].tolist() == [[0, 255, 0], [255, 255, 0], [255, 255, 0]]
    assert lines.shape == (1, 3, 3, 3)


def test_batches_are_shown_whole() -> None:
    view = again(Labels(6))
    label = torch.tensor([[[[0, 5], [1, 1]]]])
    tensors = {"label": label, "instance": label * 1000, "image": torch.ones(1, 3, 2, 2), "real_instance": label}
    shown = view.pictures(tensors, {})
    assert list(shown) == list(tensors)
    assert all(images.shape == (1, 3, 2, 2) and images.dtype == torch.uint8 for images in shown.values())
    assert torch.equal(shown["label"], coloured(label))
    assert torch.equal(shown["instance"], outlines(label))
    assert torch.equal(shown["real_instance"], outlines(label))
    assert shown["image"].unique().tolist() == [255]


def test_files_are_read_as_in_training(tmp_path: Path) -> None:
    view = again(Labels(7, void=255))
    path = id_map(tmp_path / "x.png", np.array([[0, 5], [255, 5]], dtype=np.uint8))
    for domain in ("label", "a"):
        assert view.read(path, domain).tolist() == [[[[0, 5], [6, 5]]]]
    assert view.read(path, "instance").tolist() == [[[[0, 5], [255, 5]]]]
    assert view.read(photo(tmp_path / "x.jpg", 5, 4), "b").shape == (1, 3, 4, 5)
    with pytest.raises(UserError, match=r"x\.png: label 5 .* is outside 0\.\.4"):
        Labels(5).read(path, "label")


def test_pictures_and_ids_are_written() -> None:
    view = Labels(35)
    assert view.write(torch.ones(1, 3, 4, 5), torch.zeros(1), "b").size == (5, 4)
    ids = torch.tensor([[[[0, 33]]]])
    assert (view.write(ids, ids, "label").mode, view.write(ids * 1000, ids, "instance").mode) == ("L", "I;16")
    assert np.asarray(view.write(ids * 1000, ids, "instance")).tolist() == [[0, 33000]]
    assert isinstance(view.write(ids, ids, "label"), Image.Image)


def test_classes_by_name_or_number() -> None:
    view = again(Labels(6, names={"tree": 5, "building": 1}))
    assert (view.id_of("tree"), view.id_of("building"), view.id_of("3")) == (5, 1, 3)
    with pytest.raises(UserError, match=r"^'tre' is neither a class nor an id in 0\.\.5 \(did you mean tree\?\)$"):
        view.id_of("tre")
    with pytest.raises(UserError, match=r"'6' is neither a class nor an id"):
        view.id_of("6")
    with pytest.raises(UserError, match=r"no names are known"):
        Labels(6).id_of("tree")
