"""The data module of label maps: batches, lines, wrong ids before training, and checkpoints."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from gan_zoo.data import shelf, views
from gan_zoo.data import transforms_labels as T
from gan_zoo.data.labelmap_module import LabelMapModule
from gan_zoo.errors import UserError

from .conftest import id_map, label_set, photo
from .world import SaveAlways, Witness, trainer

CONF = Path(__file__).parents[2] / "conf"


def module(root: Path, **options: Any) -> LabelMapModule:
    return LabelMapModule(
        "mine", root, **{"labels": 6, "load_size": 16, "multiple": 8, "num_workers": 0, "seed": 3, **options}
    )


class Reader(Witness):
    """Notes of every batch what its label maps and photos add up to."""

    def note(self, seen: Any, batch: dict[str, torch.Tensor], number: int) -> None:
        place = torch.arange(16.0).double()  # so that mirroring shows
        sums = ((batch["image"].double() + batch["instance"].double()) * place).sum(dim=(1, 2, 3))
        seen.append((self.current_epoch, number, [round(value, 6) for value in sums.tolist()]))

    def training_step(self, batch: dict[str, torch.Tensor], number: int) -> torch.Tensor:
        self.note(self.trained, batch, number)
        return (self.weight * batch["image"]).mean()


def test_the_configuration_makes_it(labelled: Path) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", ["data=labelmaps", f"data.root={labelled}", "data.labels=6", "data.load_size=32"])
        city = compose("train", ["data=cityscapes"])
    data = instantiate(cfg.data, num_workers=0)
    assert isinstance(data, LabelMapModule)
    assert (data.labels, data.instances, data.features, data.channels) == (6, True, False, {"a": 3, "b": 3})
    assert data.mode == T.ScaleWidth(32, 512, 16)
    batch = next(iter(data.train_dataloader()))
    assert {name: tuple(one.shape) for name, one in batch.items()} == {
        **{"label": (1, 1, 16, 32), "instance": (1, 1, 16, 32)},
        "image": (1, 3, 16, 32),
    }
    assert (city.data.name, city.data.labels, city.data.multiple) == ("cityscapes", 35, 16)


def test_what_is_said_and_offered(labelled: Path) -> None:
    (labelled / "labels.txt").write_text("sky\nroad\ncar\ntree\nsea\nsnow\nbeyond\n")
    data = module(labelled)
    data.setup("fit")
    line = data.describe()
    assert "label maps and instance maps and photos, matched by file name" in line
    assert "train 4, test 2 (also used as val); files of 16x8 px" in line
    assert data.train_size == 4
    fixed = data.fixed_samples(3)
    assert fixed["label"].shape == (2, 1, 8, 16)
    assert torch.equal(fixed["image"], data.fixed_samples(3)["image"])
    kept = data.state_dict()["view"]
    assert kept["names"] == {"sky": 0, "road": 1, "car": 2, "tree": 3, "sea": 4, "snow": 5}
    assert views.from_config(kept).config() == kept
    shown = data.view.pictures(dict(fixed), fixed)
    assert all(images.shape == (2, 3, 8, 16) for images in shown.values())
    assert module(labelled, class_names=["only"]).view.names == {"only": 0}


def test_test_data_without_photos(labelled: Path) -> None:
    for path in (labelled / "test_img").iterdir():
        path.unlink()
    (labelled / "test_img").rmdir()
    data = module(labelled)
    data.setup()
    assert data.val_dataloader() == []
    assert [set(batch) for batch in data.test_dataloader()] == [{"label", "instance"}] * 2
    assert set(data.fixed_samples(1)) == {"label", "instance", "image"}


def test_resuming_sees_exactly_what_was_left(labelled: Path, tmp_path: Path) -> None:
    whole, rest = Reader(), Reader()
    trainer(callbacks=[SaveAlways(tmp_path)], max_epochs=2).fit(whole, module(labelled))
    trainer(max_epochs=2).fit(rest, module(labelled, cache_mb=0), ckpt_path=tmp_path / "batch3.ckpt")
    assert rest.trained == whole.trained[3:]
    assert len({value for _, _, sums in whole.trained for value in sums}) > 4  # mirrored ones differ


@pytest.mark.parametrize("cache_mb", [0, 256])
@pytest.mark.parametrize(
    ("name", "ids", "said"),
    [
        ("train_label/1.png", np.full((8, 16), 9, dtype=np.uint8), r"label 9 is outside 0\.\.5"),
        ("train_inst/1.png", np.zeros((8, 12), dtype=np.uint16), r"is 12x8 but its label map .* is 16x8"),
        ("train_inst/1.png", np.zeros((8, 16, 3), dtype=np.uint8), r"a picture in colours"),
    ],
)
def test_bad_maps_are_named_before_training_or_left_out(
    cache_mb: float, name: str, ids: Any, said: str, labelled: Path
) -> None:
    id_map(labelled / name, ids)
    with pytest.raises(UserError, match=rf"1\.png:? {said}.*data\.on_error=skip") as caught:
        module(labelled, cache_mb=cache_mb).setup("fit")
    assert "\n" not in str(caught.value)
    data = module(labelled, cache_mb=cache_mb, on_error="skip")
    with pytest.warns(UserWarning, match="1 left out"):
        data.setup("fit")
    assert data.train_size == 3


def test_of_very_many_maps_some_are_looked_at_and_the_others_when_read(
    labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LOOK", 4 * 16 * 8)  # of 8 maps of 16x8 pixels every second one
    id_map(labelled / "train_label" / "1.png", np.full((8, 16), 9, dtype=np.uint8))
    data = module(labelled, cache_mb=0, num_workers=1)
    data.setup("fit")
    with pytest.raises(UserError, match=r"^[^\n]*1\.png: label 9 is outside 0\.\.5[^\n]*$"):
        list(data.train_dataloader())
    id_map(labelled / "train_label" / "2.png", np.full((8, 16), 9, dtype=np.uint8))
    with pytest.raises(UserError, match=r"2\.png: label 9"):
        module(labelled, cache_mb=0).setup("fit")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": 0}, r"data\.labels=0: a whole number, 1 or more"),
        ({"void": 3}, r"data\.void=3 is one of the classes 0\.\.5"),
        ({"void": -1}, r"data\.void=-1: a whole number, 0 or more"),
        ({"palette": "indx"}, r"data\.palette='indx' is not known \(did you mean index\?\)"),
        ({"direction": "ba"}, r"this kind of data has one direction only"),
        ({"multiple": 16}, r"16x8 becomes 16x8, .*multiples of 16"),
        ({"features": True}, r"no folder of features"),
    ],
)
def test_bad_options_are_one_line(options: dict[str, Any], said: str, labelled: Path) -> None:
    with pytest.raises(UserError, match=said) as caught:
        module(labelled, **options).setup("fit")
    assert "\n" not in str(caught.value)


def test_max_samples_and_unlike_sizes(tmp_path: Path) -> None:
    root = label_set(tmp_path, {"train": 4})
    id_map(root / "train_label" / "3.png", np.zeros((16, 16), dtype=np.uint8))
    id_map(root / "train_inst" / "3.png", np.zeros((16, 16), dtype=np.uint16))
    photo(root / "train_img" / "3.jpg", 16, 16)
    assert module(root, max_samples=2).train_size == 2
    with pytest.raises(UserError, match="unlike sizes in one batch"):
        list(module(root, batch_size=4).train_dataloader())


def test_the_generator_s_stride_counts(tmp_path: Path) -> None:
    root = label_set(tmp_path, {"train": 2}, width=40, height=24)

    class Strided(Reader):
        def __init__(self, stride: int) -> None:
            super().__init__()
            self.generator = torch.nn.Identity()
            self.generator.stride = stride  # type: ignore[assignment]

    data = module(root, preprocess=T.KeepSize)
    data.setup("fit")
    assert next(iter(data.train_dataloader()))["label"].shape[2:] == (24, 40)
    with pytest.raises(UserError, match=r"40x24 becomes 40x24, .*multiples of 16"):
        trainer(max_epochs=1).fit(Strided(16), module(root, preprocess=T.Crop, crop_size=40))
    stepped = module(root, preprocess=T.KeepSize)
    model = Strided(16)
    model.note = lambda seen, batch, number: seen.append(tuple(batch["label"].shape[2:]))  # type: ignore[method-assign]
    trainer(max_epochs=1).fit(model, stepped)
    assert set(model.trained) == {(32, 32)}
    assert stepped.multiple == 16


def test_gray_photos_and_features_of_many_channels(labelled: Path) -> None:
    (labelled / "train_feat").mkdir()
    for i in range(4):
        np.save(labelled / "train_feat" / f"{i}.npy", np.full((8, 16, 5), i / 4, dtype=np.float32))
    data = module(labelled, channels={"a": 3, "b": 1}, features=True, feature_channels=5, batch_size=4)
    batch = next(iter(data.train_dataloader()))
    assert batch["image"].shape == (4, 1, 8, 16)
    assert batch["feature"].shape == (4, 5, 8, 16)
    assert sorted(batch["feature"].mean(dim=(1, 2, 3)).tolist()) == [-1, -0.5, 0, 0.5]
    with pytest.raises(UserError, match=r"train_feat/.*\.npy: the image has 5 channels, not 3"):
        module(labelled, features=True).train_dataloader()
