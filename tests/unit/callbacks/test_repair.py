from functools import partial
from html import escape
from pathlib import Path

import pytest
import torch
from lightning import Trainer, seed_everything

from gan_zoo.callbacks.gallery import Gallery
from gan_zoo.callbacks.repair import Repaired, RepairReport, chroma, from_neighbours, median_color, within
from gan_zoo.callbacks.tick import Tick
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.models.pix2pix import Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.unet import UNet


def test_a_run_ends_with_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed_everything(0, verbose=False)
    gallery, report = Gallery(tmp_path), RepairReport()
    trainer = Trainer(
        accelerator="cpu",
        max_steps=1,
        limit_val_batches=0,
        callbacks=[Tick(), gallery, report],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    model = Pix2Pix(partial(UNet, n_downs=5, ngf=2), partial(PatchGAN, n_layers=1, ndf=2), channels={"a": 4, "b": 3})
    trainer.fit(model, datamodule=ImageDataModule("repair_cc0", load_size=32, crop_size=32, num_workers=0))
    found: Repaired = report.result
    assert found.images == 60
    assert 0.3 < found.own_mean < found.median < found.unrepaired < 0.6
    assert 0.05 < found.neighbours < found.own_mean < found.l1  # nothing has been learnt after one iteration
    assert found.verdict() in capsys.readouterr().out
    assert escape(found.verdict()) in (tmp_path / "gallery.html").read_text()
    assert float(trainer.callback_metrics["repair/l1"]) == pytest.approx(found.l1)


@pytest.mark.parametrize(
    ("l1", "ratio", "good", "words"),
    [
        (0.2, 0.9, True, "60 % better than gray"),
        (0.38, 0.9, False, "5 % better than each"),
        (0.6, 0.9, False, "20 % worse than gray"),
        (0.2, 0.5, False, "faded"),
        (0.2, 1.5, False, "garish"),
    ],
)
def test_verdict(l1: float, ratio: float, good: bool, words: str) -> None:
    found = Repaired(l1, 0.5, 0.45, 0.4, 0.1, ratio, images=5)
    assert found.good == good
    assert words in found.verdict()


def test_other_data_are_no_concern() -> None:
    assert not RepairReport().concerns(ImageDataModule("edges2shoes_cc0"))


def test_median_is_that_of_the_training_photos() -> None:
    data = ImageDataModule("repair_cc0", load_size=32, crop_size=32, num_workers=0)
    data.setup("fit")
    assert median_color(data).shape == (1, 3, 1, 1)
    assert -0.5 < median_color(data).mean() < 0.5


def test_only_missing_pixels_count() -> None:
    values = torch.tensor([[[[1.0, 5.0]], [[3.0, 7.0]]]])
    assert within(values, torch.tensor([[[[True, False]]]])).item() == 2
    assert chroma(values).flatten().tolist() == [2, 2]


def test_holes_are_filled_from_their_rim() -> None:
    images = torch.tensor([[[[1.0, 9.0, 9.0, 3.0]]]])
    missing = torch.tensor([[[[False, True, True, False]]]])
    assert from_neighbours(images, missing).flatten().tolist() == pytest.approx([1, 1, 3, 3])
    assert from_neighbours(images, torch.ones_like(missing)).abs().sum() == 0
