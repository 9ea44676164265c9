"""The datamodule under a real Trainer: resuming, overfitting, ranks, and one clear line for bad data."""

import json
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.utilities.seed import isolate_rng
from PIL import Image

from gan_zoo.data import datamodule, views
from gan_zoo.data import transforms as T
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Colorize, Unpaired
from gan_zoo.errors import UserError

from .conftest import photo
from .world import SaveAlways, Witness, module, trainer


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Witness]:
    """(data, folder of checkpoints, what a run of three epochs of three batches saw)."""
    root, folder = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("checkpoints")
    for split, count in (("trainA", 5), ("trainB", 3), ("testA", 2), ("testB", 2)):
        for i in range(count):
            photo(root / split / f"{i}.png", seed=ord(split[-1]) + 10 * i + 100 * len(split))
    witness = Witness()
    trainer(callbacks=[SaveAlways(folder)]).fit(witness, module(root, batch_size=2))
    return root, folder, witness


def test_every_epoch_is_another_one(saved: tuple[Path, Path, Witness]) -> None:
    _, _, witness = saved
    assert [(epoch, number, len(sums)) for epoch, number, sums in witness.trained] == [
        (epoch, number, 1 if number == 2 else 2) for epoch in range(3) for number in range(3)
    ]
    assert len({value for _, _, sums in witness.trained for value in sums}) == 15
    assert len({value for _, _, sums in witness.validated for value in sums}) == 2


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("checkpoint", "left"),
    [("batch1", 8), ("batch2", 7), ("batch3", 6), ("batch5", 4), ("validation3", 6), ("epoch0", 6), ("epoch1", 3)],
)
def test_resuming_sees_exactly_what_was_left(
    checkpoint: str, left: int, workers: int, saved: tuple[Path, Path, Witness]
) -> None:
    root, folder, whole = saved
    rest = Witness()
    data = module(root, batch_size=2, num_workers=workers)
    trainer().fit(rest, data, ckpt_path=folder / f"{checkpoint}.ckpt")
    assert rest.trained == whole.trained[9 - left :]


def test_checkpoints_hold_the_view_in_plain_containers(saved: tuple[Path, Path, Witness]) -> None:
    _, folder, _ = saved
    checkpoint = torch.load(folder / "batch1.ckpt", weights_only=True)
    kept = checkpoint["ImageDataModule"]
    assert kept["name"] == "mine"
    assert views.from_config(kept["view"]).config() == kept["view"]


def test_limited_epochs_resume_too(saved: tuple[Path, Path, Witness], tmp_path: Path) -> None:
    root, _, whole = saved
    limited = Witness()
    trainer(limit_train_batches=2, callbacks=[SaveAlways(tmp_path)]).fit(limited, module(root, batch_size=2))
    assert limited.trained == [seen for seen in whole.trained if seen[1] < 2]
    for checkpoint, left in (("batch2", 4), ("epoch0", 4), ("batch3", 3)):
        rest = Witness()
        trainer(limit_train_batches=2).fit(rest, module(root, batch_size=2), ckpt_path=tmp_path / f"{checkpoint}.ckpt")
        assert rest.trained == limited.trained[6 - left :]


def test_overfitting_repeats_the_same_batches(saved: tuple[Path, Path, Witness]) -> None:
    root, _, whole = saved
    witness = Witness()
    trainer(overfit_batches=2).fit(witness, module(root, batch_size=2))
    first = [sums for epoch, _, sums in witness.trained if epoch == 0]
    assert first == [sums for _, _, sums in whole.trained[:2]]
    for later in (1, 2):
        assert [sums for epoch, _, sums in witness.trained if epoch == later] == first


def test_samples_do_not_depend_on_workers_or_the_program_s_seeds(saved: tuple[Path, Path, Witness]) -> None:
    root, _, whole = saved
    witness = Witness()
    with isolate_rng():
        torch.manual_seed(99)
        trainer().fit(witness, module(root, batch_size=2, num_workers=2, cache_mb=0))
    assert witness.trained == whole.trained
    other = Witness()
    trainer(max_epochs=1).fit(other, module(root, batch_size=2, seed=4))
    assert other.trained != whole.trained[:3]


def test_evaluation_loops(saved: tuple[Path, Path, Witness]) -> None:
    root, _, whole = saved
    for loop in ("validate", "test", "predict"):
        witness = Witness()
        getattr(trainer(), loop)(witness, datamodule=module(root), **({} if loop == "predict" else {"verbose": False}))
        assert [sums for _, _, sums in witness.validated] == [sums for _, _, sums in whole.validated[:2]]


@pytest.mark.slow
def test_two_ranks_see_one_process_batches_under_lightning(saved: tuple[Path, Path, Witness], tmp_path: Path) -> None:
    root, _, _ = saved
    script = Path(__file__).with_name("world.py")
    runs: dict[int, list[dict[str, Any]]] = {}
    source = str(Path(datamodule.__file__).parents[2])
    for devices, batch in ((1, 4), (2, 2)):
        out = tmp_path / str(devices)
        out.mkdir()
        command = [sys.executable, str(script), str(out), str(root), str(batch), str(devices)]
        subprocess.run(command, check=True, timeout=300, env={**os.environ, "PYTHONPATH": source}, capture_output=True)
        runs[devices] = [json.loads((out / f"{rank}.json").read_text()) for rank in range(devices)]
    (alone,), ranks = runs[1], runs[2]
    assert len(alone["trained"]) == 6
    for i, (epoch, number, sums) in enumerate(alone["trained"]):
        parts = [rank["trained"][i] for rank in ranks]
        assert [part[:2] for part in parts] == [[epoch, number]] * 2
        together = [*chain(*(part[2] for part in parts))]
        assert together == (sums if number == 0 else sums * 2)  # the last batch holds one image: filled up to two
    validated = [*chain(*([sums for _, _, sums in rank["validated"]] for rank in ranks))]
    assert sorted(chain(*validated)) == sorted(chain(*(sums for _, _, sums in alone["validated"])))


# ---------------------------------------------------------------------- what is said, and what is offered


def test_embedded_sets_work_by_name_alone() -> None:
    words = {
        "colorize_cc0": ("single images of edges2shoes_cc0 and tshirt2longsleeve_cc0", "train 270, test 60", (1, 2)),
        "edges2shoes_cc0": ("glued pairs (A left half, B right half)", "train 90, test 20", (3, 3)),
        "tshirt2longsleeve_cc0": ("two unpaired collections", "train 90 + 90, test 20 + 20", (3, 3)),
    }
    for name, (layout, counts, channels) in words.items():
        data = ImageDataModule(name, load_size=18, crop_size=16, num_workers=0, batch_size=4)
        data.setup("fit")
        line = data.describe()
        assert "\n" not in line
        assert layout in line
        assert counts + " (also used as val)" in line
        batch = next(iter(data.train_dataloader()))
        assert tuple(batch["a"].shape) == (4, channels[0], 16, 16)
        assert tuple(batch["b"].shape) == (4, channels[1], 16, 16)
        assert data.channels == {"a": channels[0], "b": channels[1]}
        assert data.train_size == (270 if name == "colorize_cc0" else 90)
        fixed = data.fixed_samples(5)
        assert torch.equal(fixed["a"], data.fixed_samples(5)["a"])
        assert len(fixed["a"]) == 5
        shown = data.view.pictures({"real_a": fixed["a"], "real_b": fixed["b"]}, fixed)
        assert all(images.shape == (5, 3, 16, 16) for images in shown.values())


def test_direction_exchanges_the_sides_before_gray(saved: tuple[Path, Path, Witness]) -> None:
    root, _, _ = saved
    ab, ba = (module(root, direction=way, channels={"a": 1, "b": 3}) for way in ("AtoB", "BtoA"))
    first = [data.fixed_samples(1) for data in (ab, ba)]
    assert [batch["a"].shape[1] for batch in first] == [1, 1]
    mode = T.ResizeAndCrop(8, 8)
    for batch, folder, other in ((first[0], "testA", "testB"), (first[1], "testB", "testA")):
        assert torch.equal(batch["a"][0], mode(Image.open(root / folder / "0.png"), channels=1))
        assert torch.equal(batch["b"][0], mode(Image.open(root / other / "0.png")))
    assert "direction ba: B is a, A is b" in ba.describe()
    assert ba.train_size == 5


def test_without_validation_images(tmp_path: Path) -> None:
    for i in range(3):
        photo(tmp_path / f"{i}.png")
    data = module(tmp_path, dataset=Colorize())
    witness = Witness()
    trainer(max_epochs=1).fit(witness, data)
    assert witness.validated == []
    assert data.val_dataloader() == []
    assert len(data.fixed_samples(9)["a"]) == 3
    with pytest.raises(UserError, match="no test images in it"):
        data.test_dataloader()


def test_images_of_many_sizes(tmp_path: Path) -> None:
    for i, width in enumerate((20, 24, 20, 28)):
        for folder in ("trainA", "trainB", "testA", "testB"):
            photo(tmp_path / folder / f"{i}.png", width, 20)
    data = ImageDataModule("mine", tmp_path, Unpaired(), preprocess=T.Crop, crop_size=12, num_workers=0, batch_size=2)
    assert next(iter(data.train_dataloader()))["a"].shape == (2, 3, 12, 12)
    assert [batch["a"].shape[-1] for batch in data.val_dataloader()] == [20, 24, 20, 28]
    fixed = data.fixed_samples(4)
    assert fixed["a"].shape == (4, 3, 20, 20)  # the middle that all have
    whole = T.KeepSize()(Image.open(tmp_path / "testA" / "3.png"))
    assert torch.equal(fixed["a"][3], whole[:, :, 4:24])
    assert "files of 20x20 to 28x20 px" in data.describe()
    mixed = ImageDataModule("mine", tmp_path, Unpaired(), preprocess=T.KeepSize, num_workers=0, batch_size=4)
    with pytest.raises(UserError, match="unlike sizes in one batch"):
        list(mixed.train_dataloader())


def test_sixteen_bit_data_is_written_as_such(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB"):
        photo(tmp_path / folder / "0.png", mode="I;16" if folder == "trainB" else "L")
    data = module(tmp_path, channels={"a": 1, "b": 1})
    assert data.view.config()["bits"] == {"a": 8, "b": 16}
    assert module(tmp_path, channels={"a": 1, "b": 1}, direction="ba").view.config()["bits"] == {"a": 16, "b": 8}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_size": 6}, r"data\.batch_size=6 is more than the 5 training images"),
        ({"batch_size": 0}, r"data\.batch_size=0: a whole number, 1 or more"),
        ({"direction": "atob"}, r"data\.direction='atob' is not known \(did you mean .*AtoB"),
        ({"on_error": "ignore"}, r"data\.on_error='ignore' is not known"),
        ({"channels": {"a": 3}}, r"say the channels of a and b"),
        ({"crop_size": 15}, r"smaller than the crop"),
        ({"crop_size": 0}, r"data\.crop_size=0: a side in pixels"),
        ({"seed": -1}, r"data\.seed=-1: a whole number, 0 or more"),
        ({"dataset": Colorize(), "direction": "ba"}, "this kind of data has one direction only"),
        ({"channels": {"a": 5, "b": 3}}, r"trainA/.*\.png: the image has 3 channels, not 5"),
    ],
)
def test_bad_options_are_one_line(options: dict[str, Any], said: str, saved: tuple[Path, Path, Witness]) -> None:
    root, _, _ = saved
    with pytest.raises(UserError, match=said) as caught:
        module(root, **options).train_dataloader()
    assert "\n" not in str(caught.value)


def test_missing_data_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_ZOO_DATA", str(tmp_path))
    with pytest.raises(UserError, match="gan-zoo data download maps"):
        ImageDataModule("maps").setup()
    with pytest.raises(UserError, match="did you mean maps"):
        ImageDataModule("map")
    with pytest.raises(UserError, match="nowhere: no such folder"):
        module(tmp_path / "nowhere").setup()


def test_n_channels_through_and_through(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for folder in ("trainA", "trainB"):
        for i in range(2):
            (tmp_path / folder).mkdir(exist_ok=True)
            np.save(
                tmp_path / folder / f"{i}.npy", rng.random((12, 12, 5 if folder == "trainA" else 2), dtype=np.float32)
            )
    data = module(tmp_path, channels={"a": 5, "b": 2}, batch_size=2)
    batch = next(iter(data.train_dataloader()))
    assert batch["a"].shape == (2, 5, 8, 8)
    assert batch["b"].shape == (2, 2, 8, 8)
    assert batch["a"].abs().max() <= 1
    assert data.view.pictures({"real_a": batch["a"]}, batch)["real_a"].shape == (2, 3, 8, 8)


def test_workers_by_default_leave_a_core(saved: tuple[Path, Path, Witness], monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 0), (2, 1), (3, 2), (64, 4)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=cores: range(n))
        assert module(saved[0], num_workers=None).train_dataloader().num_workers == workers
