import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback
from tests.unit.callbacks.conftest import Fit
from tests.unit.evaluation.nets import Tiny, judge

from gan_zoo.callbacks.checkpoint import Checkpoint
from gan_zoo.callbacks.gallery import Gallery
from gan_zoo.callbacks.metrics import Metrics
from gan_zoo.callbacks.tick import Tick
from gan_zoo.errors import UserError
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.distribution import FID
from gan_zoo.metrics.paired import L1, PSNR, SSIM
from gan_zoo.metrics.protocol import Measure
from gan_zoo.metrics.whole import Truth


def metrics(measures: dict[str, Measure] | None = None, **options: Any) -> Metrics:
    return Metrics(measures or {"l1": L1()}, Settings(**{"num_workers": 0, "cache": False, **options}))


class Watch(Callback):
    """What was measured at which tick."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, float]] = []

    def on_metrics(self, trainer: Any, module: Any) -> None:
        self.seen.append((module.images_seen, float(trainer.callback_metrics["metrics/l1"])))


def test_ticks_measure_the_weights_of_that_moment(fit: Fit) -> None:
    watch = Watch()
    trainer, model = fit([Tick(), metrics(), watch])
    assert [images for images, _ in watch.seen] == [6, 12]
    assert watch.seen[0][1] != watch.seen[1][1]
    torch.manual_seed(0)
    data: Any = trainer.datamodule  # type: ignore[attr-defined]
    assert set(trainer.callback_metrics) >= {"metrics/l1/ab", "metrics/l1", "val/l1"}
    with torch.no_grad():
        model.eval()
        images = data.images("val", augment=False)
        errors = [(model.translate(s["a"][None]) - s["b"]).abs().mean() for s in (images[0], images[1])]
    assert watch.seen[1][1] == pytest.approx(float(sum(errors)) / 2, rel=0.05)  # its dropout is drawn anew


def test_only_every_nth_tick_and_the_last_measure(fit: Fit) -> None:
    watch = Watch()
    fit([Tick(), metrics(every_n_ticks=2), watch], max_epochs=3)
    assert [images for images, _ in watch.seen] == [12, 18]


def test_training_is_the_same_with_and_without(fit: Fit) -> None:
    _, plain = fit([Tick()])
    _, measured = fit([Tick(), metrics()])
    for name, weight in plain.state_dict().items():
        assert torch.equal(weight, measured.state_dict()[name]), name


def test_the_page_and_the_loggers_have_the_numbers(fit: Fit, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit([Tick(), metrics({"l1": L1(), "fid": FID(judge(Tiny()))}), Gallery(tmp_path)])
    page = (tmp_path / "gallery.html").read_text()
    assert "fid_tiny_8/ab" in page
    assert "metrics/l1" in (tmp_path / "history.jsonl").read_text()
    assert sum("fid_tiny_8 of 2 pictures is biased" in str(one.message) for one in caught) == 1


def test_what_can_never_be_measured_ends_the_run_at_once(fit: Fit) -> None:
    with pytest.raises(UserError, match="metrics=truth: data=tiny knows no true translations"):
        fit([Tick(), metrics({"truth": Truth()})])


@pytest.mark.parametrize(("monitor", "mode"), [("l1", "min"), ("metrics/psnr", "max"), ("metrics/l1/ab", "min")])
def test_the_best_checkpoint_is_that_of_the_best_number(fit: Fit, tmp_path: Path, monitor: str, mode: str) -> None:
    watch, keeper = Watch(), Checkpoint(tmp_path / "kept", monitor=monitor, mode=mode)
    fit([Tick(), keeper, metrics({"l1": L1(), "psnr": PSNR()}), watch], max_epochs=3)
    best = min(watch.seen, key=lambda one: one[1])
    assert Path(keeper.best_model_path).name.startswith(f"images={best[0]:09d}-metrics_")
    assert (tmp_path / "kept" / "last.ckpt").is_file()
    assert len(list((tmp_path / "kept").iterdir())) == 2
    last = torch.load(tmp_path / "kept" / "last.ckpt", weights_only=True)
    assert last["gan_zoo"]["images_seen"] == 18
    if best[0] == 18:
        [state] = [one for key, one in last["callbacks"].items() if "Checkpoint" in key]
        assert state["best_model_path"] == keeper.best_model_path


def test_a_resumed_run_measures_when_the_whole_one_would(fit: Fit, tmp_path: Path) -> None:
    whole, parts = Watch(), Watch()
    fit([Tick(), metrics(every_n_ticks=2), whole], max_epochs=4)
    fit([Tick(), Checkpoint(tmp_path / "kept"), metrics(every_n_ticks=2)], max_epochs=1)
    last = str(tmp_path / "kept" / "last.ckpt")
    fit([Tick(), Checkpoint(tmp_path / "kept"), metrics(every_n_ticks=2), parts], max_epochs=4, ckpt_path=last)
    assert [images for images, _ in whole.seen] == [12, 24]
    assert parts.seen == whole.seen


def test_mistaken_monitors_are_said(fit: Fit, tmp_path: Path) -> None:
    def run(monitor: str, mode: str = "min", *more: Callback) -> None:
        fit([Tick(), Checkpoint(tmp_path / "kept", monitor=monitor, mode=mode), *more])

    with pytest.raises(UserError, match=r"monitor=metrics/fid: no metrics are measured; add metrics="):
        run("metrics/fid")
    with pytest.raises(UserError, match=r"monitor=ssim: higher is better; set callbacks.checkpoint.mode=max"):
        run("ssim", "min", metrics({"ssim": SSIM()}))
    with pytest.raises(UserError, match=r"monitor=metrics/l2 is not logged \(did you mean .*metrics/l1"):
        run("metrics/l2", "min", metrics())
