import sys
from pathlib import Path
from typing import Any

import pytest
from lightning import Callback, Trainer
from lightning.pytorch.loggers import CSVLogger
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks.checkpoint import Checkpoint
from gan_zoo.callbacks.gallery import Gallery, typed
from gan_zoo.callbacks.grids import ImageGrids
from gan_zoo.callbacks.throughput import Throughput
from gan_zoo.callbacks.tick import Tick
from gan_zoo.errors import UserError


def everything(folder: Path, **gallery: Any) -> list[Callback]:
    shown = [ImageGrids(folder / "samples", n_samples=1), Gallery(folder, **gallery)]
    return [Tick(4), Checkpoint(folder / "checkpoints"), Throughput(), *shown]


def test_page_of_a_run(fit: Fit, tmp_path: Path) -> None:
    fit(everything(tmp_path, command="python train.py model=pix2pix"), logger=CSVLogger(tmp_path))
    html = (tmp_path / "gallery.html").read_text()
    for text in (
        "python train.py model=pix2pix",
        "Pix2Pix · finished",
        "iterations (100 %)",
        "val/l1",
        "generator/adv",
        "discriminator/real",
        "lr/generator",
        "speed/images_per_second",
        'href="checkpoints/last.ckpt"',
        "gan_zoo.models.pix2pix.Pix2Pix",
        "12 images",
    ):
        assert text in html, text
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["checkpoints", "gallery.html", "history.jsonl", "lightning_logs", "samples"]
    )


def test_page_can_be_looked_at_from_the_beginning(fit: Fit, tmp_path: Path) -> None:
    class Look(Callback):
        pages: list[str] = []

        def on_train_batch_start(self, *args: Any) -> None:
            self.pages.append((tmp_path / "gallery.html").read_text())

    look = Look()
    fit([Tick(4), ImageGrids(tmp_path / "samples"), Gallery(tmp_path), look], max_epochs=1)
    assert "Pix2Pix · running" in look.pages[0]
    assert 'id="frame"' in look.pages[0]


def test_logging_works_without_any_other_logger(fit: Fit, tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    fit([Tick(), gallery], logger=False, log_every_n_steps=1)
    assert gallery.history is not None
    assert [images for images, _ in gallery.history.series["generator/l1"]] == list(range(1, 13))
    assert [images for images, _ in gallery.history.series["val/l1"]] == [6, 12]


def test_resumed_history_goes_on(fit: Fit, tmp_path: Path) -> None:
    fit(everything(tmp_path), max_epochs=1, log_every_n_steps=1)
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write('{"images": 11, "values": {"generator/l1": 5}}\n')  # of a future that was killed
    again = everything(tmp_path)
    fit(again, max_epochs=2, log_every_n_steps=1, ckpt_path="last")
    history = next(callback for callback in again if isinstance(callback, Gallery)).history
    assert history is not None
    assert [images for images, _ in history.series["generator/l1"]] == list(range(1, 13))
    html = (tmp_path / "gallery.html").read_text()
    assert [f'data-label="{i} images"' in html for i in (0, 4, 6, 8, 12)] == [True] * 5


def test_configuration_of_the_run_folder(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_text("secret: of hydra\n")
    fit([Tick(), Gallery(tmp_path)], max_epochs=1)
    assert "secret: of hydra" in (tmp_path / "gallery.html").read_text()
    fit([Tick(), Gallery(tmp_path, config={"model": {"lambda": 3}})], max_epochs=1)
    assert "lambda: 3" in (tmp_path / "gallery.html").read_text()


def test_a_run_that_fails_says_so(fit: Fit, tmp_path: Path) -> None:
    class Fail(Callback):
        def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
            if trainer.global_step == 5:
                raise UserError("the disk is full")

    with pytest.raises(UserError):
        fit([Tick(), Gallery(tmp_path), Fail()], log_every_n_steps=1000)
    assert "stopped: the disk is full" in (tmp_path / "gallery.html").read_text()


def test_fast_dev_run_leaves_nothing_behind(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(1), ImageGrids(tmp_path / "run" / "samples"), Gallery(tmp_path / "run")], fast_dev_run=True)
    assert not (tmp_path / "run").exists()


def test_folder_that_cannot_be_written_to(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match="cannot write the run's history"):
        fit([Tick(), Gallery(tmp_path / "taken")])


def test_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/train.py", "model=cyclegan", "data.root=my photos"])
    assert typed() == "python train.py model=cyclegan 'data.root=my photos'"
    monkeypatch.setattr(sys, "argv", ["/usr/bin/gan-zoo", "train"])
    assert typed() == "gan-zoo train"
