"""The data module of pictures alone: with models that grow, and with others."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule
from tests.data.conftest import photo

from gan_zoo.data.picture_module import PictureModule
from gan_zoo.data.transforms import ResizeAndCrop
from gan_zoo.errors import UserError

from .test_growing import Steps
from .world import trainer


class Grower(LightningModule):
    """Counts images as a model does, and notes what it is given."""

    def __init__(self, schedule: Any) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.schedule, self.seen, self.images_seen = schedule, [], 0  # type: ignore[var-annotated]
        self.looked = 0

    def training_step(self, batch: dict[str, torch.Tensor], number: int) -> torch.Tensor:
        if number % 2 == 0:
            self.looked = self.images_seen
        self.images_seen += len(batch["image"])
        self.seen.append((tuple(batch["image"].shape), float(batch["image"].double().sum())))
        return (self.weight * batch["image"]).mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Schedule(Steps):
    def clock(self, run: Grower) -> int:
        return run.looked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(7):
        photo(tmp_path / "faces" / f"{i}.png", 12, 16, seed=i)
    return tmp_path / "faces"


def module(root: Path, **options: Any) -> PictureModule:
    return PictureModule("mine", root, **{"resolution": 8, "num_workers": 0, "seed": 3, "batch_size": 2, **options})


def test_other_models_get_whole_pictures(folder: Path) -> None:
    data = module(folder)
    batch = next(iter(data.train_dataloader()))
    assert batch["image"].shape == (2, 3, 8, 8)
    assert data.fixed_samples(3)["image"].shape == (3, 3, 8, 8)
    assert data.val_dataloader() == []
    assert data.describe().startswith(f"mine: single images in {folder}: train 7")
    seen = Grower(object())
    trainer(max_epochs=1).fit(seen, datamodule=data)
    assert [shape[0] for shape, _ in seen.seen] == [2, 2, 2, 1]


@pytest.mark.parametrize("workers", [0, 2])
def test_growing_models_get_what_their_schedule_says(folder: Path, workers: int) -> None:
    seen = Grower(Schedule())
    running = trainer(max_epochs=1)
    running.fit(seen, datamodule=module(folder, num_workers=workers))
    shapes = [shape for shape, _ in seen.seen]
    assert shapes == [(8, 3, 4, 4)] * 4 + [(4, 3, 8, 8)] * 8
    assert (running.global_step, running.num_training_batches, running.current_epoch) == (12, 12, 1)
    assert len({total for _, total in seen.seen}) == 12


def test_iterations_end_it_too(folder: Path) -> None:
    seen = Grower(Schedule())
    trainer(max_epochs=-1, max_steps=20).fit(seen, datamodule=module(folder))
    assert len(seen.seen) == 20


@pytest.mark.parametrize(
    ("trainer_options", "options", "line"),
    [
        ({"accumulate_grad_batches": 2, "max_epochs": 1}, {}, "trainer.accumulate_grad_batches=2: a growing model's"),
        ({"max_epochs": 3}, {}, "trainer.max_epochs=3: a growing model trains in one epoch"),
        ({"max_epochs": 1}, {"resolution": 16}, "data.resolution=16 but the model grows to 8 px"),
    ],
)
def test_what_does_not_fit_is_one_line(
    folder: Path, trainer_options: dict[str, Any], options: dict[str, Any], line: str
) -> None:
    with pytest.raises(UserError, match=line) as caught:
        trainer(**trainer_options).fit(Grower(Schedule()), datamodule=module(folder, **options))
    assert "\n" not in str(caught.value)


def test_other_crops_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"data.preprocess=ResizeAndCrop: .* CentreSquare"):
        module(folder, preprocess=ResizeAndCrop)
