from functools import partial
from pathlib import Path

import pytest
import torch
from lightning import Trainer, seed_everything

from gan_zoo.callbacks.gallery import Gallery
from gan_zoo.callbacks.restoration import Restoration, RestorationReport, edges
from gan_zoo.callbacks.tick import Tick
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.models.pix2pix import Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.unet import UNet


def test_a_run_ends_with_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed_everything(0, verbose=False)
    gallery, report = Gallery(tmp_path), RestorationReport()
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
    model = Pix2Pix(partial(UNet, n_downs=5, ngf=2), partial(PatchGAN, n_layers=1, ndf=2))
    trainer.fit(model, datamodule=ImageDataModule("restore_cc0", load_size=32, crop_size=32, num_workers=0))
    found: Restoration = report.result
    assert found.images == 60
    assert found.l1 > found.interpolated > 0.05  # after one iteration nothing has been learnt
    assert found.interpolated_sharpness < 0.6
    assert found.verdict() in capsys.readouterr().out
    assert found.verdict() in (tmp_path / "gallery.html").read_text()
    assert float(trainer.callback_metrics["restoration/l1"]) == pytest.approx(found.l1)


@pytest.mark.parametrize(
    ("l1", "sharpness", "good", "words"),
    [
        (0.08, 0.9, True, "20 % closer to"),
        (0.095, 0.9, False, "5 % closer to"),
        (0.12, 0.9, False, "20 % farther from"),
        (0.08, 0.5, False, "blurred"),
        (0.08, 1.5, False, "noisy"),
    ],
)
def test_verdict(l1: float, sharpness: float, good: bool, words: str) -> None:
    found = Restoration(l1, 0.1, sharpness, 0.3, images=5)
    assert found.good == good
    assert words in found.verdict()


def test_other_data_are_no_concern() -> None:
    assert not RestorationReport().concerns(ImageDataModule("edges2shoes_cc0"))


def test_edges_of_a_ramp() -> None:
    ramp = torch.arange(4.0).expand(1, 1, 4, 4)
    assert edges(ramp).item() == 1
