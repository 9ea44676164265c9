from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from lightning import Trainer
from PIL import Image
from tests.unit.callbacks.conftest import Fit, tiny_model
from torch.utils.data import DataLoader, IterableDataset

from gan_zoo.callbacks.grids import ImageGrids, draw, save, show
from gan_zoo.callbacks.tick import Tick
from gan_zoo.data.labelmap_module import LabelMapModule
from gan_zoo.data.views_labels import coloured
from gan_zoo.errors import UserError


def test_a_grid_at_each_tick(fit: Fit, tmp_path: Path) -> None:
    grids = ImageGrids(tmp_path / "samples", n_samples=2)
    fit([Tick(4), grids])
    assert [path.name for path in grids.grids()] == [f"{i:09d}.jpg" for i in (0, 4, 6, 8, 12)]
    with Image.open(grids.grids()[0]) as image:
        assert image.size == (3 * 260 + 4, 32 + 2 * 260)


def test_same_inputs_over_time_other_outputs(fit: Fit, tmp_path: Path) -> None:
    grids = ImageGrids(tmp_path, n_samples=1)
    fit([Tick(None), grids])
    first, *_, last = (Image.open(path).convert("RGB") for path in grids.grids())
    column = [(4 + i * 260, 32, 4 + i * 260 + 256, 32 + 256) for i in range(3)]
    assert first.crop(column[0]).tobytes() == last.crop(column[0]).tobytes()
    assert first.crop(column[2]).tobytes() == last.crop(column[2]).tobytes()
    assert first.crop(column[1]).tobytes() != last.crop(column[1]).tobytes()


def test_training_is_the_same_with_and_without(fit: Fit, tmp_path: Path) -> None:
    _, without = fit([Tick(1)])
    _, with_grids = fit([Tick(1), ImageGrids(tmp_path)])
    for one, other in zip(without.state_dict().values(), with_grids.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_a_resumed_run_removes_its_future_only(fit: Fit, tmp_path: Path) -> None:
    for name in ("000000002.jpg", "000000099.jpg", "holiday.jpg"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    model = tiny_model()
    model.images_seen = 50
    fit([ImageGrids(tmp_path)], max_epochs=1, model=model)
    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["000000002.jpg", "holiday.jpg"]


def test_plain_loaders_give_their_first_samples(tmp_path: Path) -> None:
    samples = [{"a": torch.rand(3, 32, 32) * 2 - 1, "b": torch.rand(3, 32, 32) * 2 - 1} for _ in range(3)]
    grids = ImageGrids(tmp_path, n_samples=2)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "max_steps": 1}
    Trainer(accelerator="cpu", callbacks=[Tick(), grids], **quiet).fit(tiny_model(), DataLoader(samples))  # type: ignore[arg-type]
    assert grids.samples is not None
    assert torch.equal(grids.samples["a"], torch.stack([sample["a"] for sample in samples[:2]]))
    assert len(grids.grids()) == 2


def test_maps_of_ids_are_coloured_without_a_view_too(tmp_path: Path) -> None:
    model, trainer, grids = tiny_model(), Trainer(logger=False, accelerator="cpu"), ImageGrids(tmp_path)
    trainer.datamodule, grids.samples = None, {"a": torch.zeros(1, 3, 2, 2)}  # type: ignore[attr-defined]
    label = torch.tensor([[[[0, 1], [2, 4]]]])
    model.visuals = lambda batch: {"input_label": label, "fake": torch.ones(1, 3, 2, 2)}  # type: ignore[method-assign]
    shown = grids.render(trainer, model)
    assert torch.equal(shown["input_label"], coloured(label))
    assert shown["fake"].unique().tolist() == [255]


def test_streams_have_no_grids_and_no_error(tmp_path: Path) -> None:
    class Stream(IterableDataset[dict[str, torch.Tensor]]):
        def __iter__(self) -> Any:
            yield from ({"a": torch.zeros(3, 32, 32), "b": torch.zeros(3, 32, 32)} for _ in range(3))

    grids = ImageGrids(tmp_path)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "max_steps": 1}
    trainer = Trainer(accelerator="cpu", callbacks=[Tick(), grids], **quiet)  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="no picture grids"):
        trainer.fit(tiny_model(), DataLoader(Stream()))
    assert grids.grids() == []


def test_maps_of_ids_are_coloured_by_their_view(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for part, dtype in (("label", np.uint8), ("inst", np.uint16), ("img", np.uint8)):
            (tmp_path / f"{split}_{part}").mkdir()
            shape = (8, 8, 3) if part == "img" else (8, 8)
            Image.fromarray(np.full(shape, 4, dtype=dtype)).save(tmp_path / f"{split}_{part}" / "1.png")
    data = LabelMapModule("mine", tmp_path, labels=5, load_size=8, multiple=8)
    model, trainer = tiny_model(), Trainer(logger=False, accelerator="cpu")
    trainer.datamodule = data  # type: ignore[attr-defined]
    model.visuals = lambda batch: {"label": batch["label"], "real": batch["image"] * 9}  # type: ignore[method-assign]
    shown = ImageGrids(tmp_path).render(trainer, model)
    assert shown["label"].shape == shown["real"].shape == (1, 3, 8, 8)
    assert shown["label"][0, :, 0, 0].tolist() == [0, 0, 128]
    assert shown["real"].unique().tolist() == [0]


def test_large_pictures_are_made_smaller_and_sizes_may_differ() -> None:
    wide, small = torch.zeros(2, 3, 300, 1000, dtype=torch.uint8), torch.zeros(2, 3, 20, 20, dtype=torch.uint8)
    assert draw({"wide": wide}, 256).size == (264, 32 + 2 * (77 + 4))
    assert draw({"wide": wide, "small": small}, 256).size == (4 + 2 * 260, 32 + 2 * (240 + 4))


def test_loggers_get_it_under_one_key() -> None:
    got: list[Any] = []
    grid = Image.new("RGB", (6, 4), (255, 0, 0))
    show(SimpleNamespace(log_image=lambda key, images: got.append((key, images))), grid, 5)
    board = SimpleNamespace(add_image=lambda *args, **kwargs: got.append((args, kwargs)))
    show(SimpleNamespace(experiment=board), grid, 5)
    show(SimpleNamespace(), grid, 5)
    assert got[0] == ("samples", [grid])
    (key, pixels, step), options = got[1]
    assert (key, step, options) == ("samples", 5, {"dataformats": "HWC"})
    assert pixels.shape == (4, 6, 3)
    assert pixels[..., 0].min() == 255
    assert len(got) == 2


def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match="cannot write the picture grid"):
        save(Image.new("RGB", (4, 4)), tmp_path / "taken" / "0.jpg")


def test_nonsense_is_refused() -> None:
    with pytest.raises(UserError, match=r"callbacks.grids.n_samples is 0"):
        ImageGrids(n_samples=0)
