from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer, seed_everything
from lightning.pytorch.loggers import CSVLogger
from tests.unit.callbacks.conftest import Fit
from torch import Tensor

from gan_zoo.callbacks.demo import ColorReport, Colors, chroma, measure, median_ab
from gan_zoo.callbacks.gallery import Gallery
from gan_zoo.callbacks.tick import Tick
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.models.pix2pix import Pix2Pix
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.unet import UNet


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trainer, ColorReport]:
    """A few iterations on the CC0 photos."""
    folder, report = tmp_path_factory.mktemp("run"), ColorReport()
    seed_everything(0, verbose=False)
    trainer = Trainer(
        accelerator="cpu",
        max_steps=2,
        limit_val_batches=0,
        callbacks=[Tick(), Gallery(folder), report],
        logger=CSVLogger(folder),
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data = ImageDataModule("colorize_cc0", load_size=32, crop_size=32, num_workers=0)
    model = Pix2Pix(
        generator=partial(UNet, n_downs=5, ngf=2),
        discriminator=partial(PatchGAN, n_layers=1, ndf=2),
        channels={"a": 1, "b": 2},
    )
    trainer.fit(model, datamodule=data)
    return folder, trainer, report


def test_baselines_of_the_embedded_photos(trained: tuple[Path, Trainer, ColorReport]) -> None:
    """At 128 px: no colour 0.087, the constant median 0.079; small pictures are a little paler."""
    result = trained[2].result
    assert result is not None
    assert result.images >= 10
    assert 0.06 < result.median < result.no_color < 0.1
    assert result.l1 > 0


def test_result_is_seen_everywhere(trained: tuple[Path, Trainer, ColorReport]) -> None:
    folder, trainer, report = trained
    assert report.result is not None
    metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("color/")}
    assert metrics == pytest.approx(report.result.metrics())
    page = (folder / "gallery.html").read_text()
    assert report.result.verdict() in page
    assert "mean chroma, predicted / real" in page
    (log,) = folder.rglob("metrics.csv")
    assert "color/l1_median" in log.read_text()


def test_other_data_are_none_of_its_business(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    report = ColorReport()
    fit([Tick(), report], max_epochs=1)
    assert report.result is None
    assert "chroma" not in capsys.readouterr().out


class FakeData:
    """Photos of one size with given colours."""

    def __init__(self, train: list[Tensor], test: list[Tensor]) -> None:
        self.splits = {"train": train, "test": test}

    def images(self, split: str, augment: bool) -> list[dict[str, Tensor]]:
        assert not augment
        return [{"a": torch.zeros(1, 8, 8), "b": color} for color in self.splits[split]]


def color(a: float, b: float) -> Tensor:
    return torch.tensor([a, b]).view(2, 1, 1).expand(2, 8, 8)


def test_numbers_by_hand(fit: Fit) -> None:
    trainer, model = fit([], max_epochs=1)
    model.translate = lambda images, direction="ab": color(0.3, 0.4)[None]  # type: ignore[method-assign]
    data = FakeData([color(0.1, 0.0)] * 3 + [color(0.9, 0.9)], [color(0.3, 0.4), color(0.6, 0.8)])
    result = measure(trainer, model, data, "test")
    assert result.images == 2
    assert result.l1 == pytest.approx((0 + 0.35) / 2)
    assert result.no_color == pytest.approx((0.35 + 0.7) / 2)
    assert result.median == pytest.approx(((0.2 + 0.4) / 2 + (0.5 + 0.8) / 2) / 2, abs=1e-3)
    assert result.chroma_ratio == pytest.approx(0.5 / 0.75)


def test_median_is_that_of_all_pixels() -> None:
    noise = torch.randn(20, 2, 9, 9, generator=torch.Generator().manual_seed(0)) * 0.2

    def samples() -> Iterator[dict[str, Any]]:
        yield from ({"b": image[None]} for image in noise)

    true = noise.transpose(0, 1).reshape(2, -1).median(dim=1).values
    assert torch.allclose(median_ab(samples()).flatten(), true, atol=1e-3)


def test_chroma() -> None:
    assert torch.allclose(chroma(color(0.3, 0.4)[None]), torch.full((1, 8, 8), 0.5))


@pytest.mark.parametrize(
    ("l1", "ratio", "good", "words"),
    [
        (0.05, 1.0, True, "43 % better than none and 38 % better than the constant median; they are as vivid"),
        (0.075, 1.0, False, "14 % better than none and 6 % better"),
        (0.1, 0.5, False, "14 % worse than none and 25 % worse than the constant median; they are faded (0.50"),
        (0.05, 1.5, False, "they are garish"),
    ],
)
def test_verdict(l1: float, ratio: float, good: bool, words: str) -> None:
    result = Colors(l1, 0.0875, 0.08, ratio, 20)
    assert result.good is good
    assert words in result.verdict()
