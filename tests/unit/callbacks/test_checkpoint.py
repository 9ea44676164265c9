import signal
import stat
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks.checkpoint import Checkpoint
from gan_zoo.callbacks.tick import Tick
from gan_zoo.errors import NonFiniteLoss, UserError
from gan_zoo.training.checkpoint_io import read


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def seen(path: Path) -> int:
    return int(read(path)["gan_zoo"]["images_seen"])


def test_last_only(fit: Fit, tmp_path: Path) -> None:
    trainer, _ = fit([Tick(4), Checkpoint(tmp_path / "c")])
    assert names(tmp_path / "c") == ["last.ckpt"]
    assert seen(tmp_path / "c" / "last.ckpt") == 12
    assert trainer.checkpoint_callback is not None
    assert Path(trainer.checkpoint_callback.best_model_path) == tmp_path / "c" / "last.ckpt"  # type: ignore[attr-defined]


def test_best_by_a_metric_of_validation(fit: Fit, tmp_path: Path) -> None:
    scores: dict[int, float] = {}

    class Scores(Callback):
        def on_validation_end(self, trainer: Trainer, pl_module: Any) -> None:
            if not trainer.sanity_checking:
                scores[pl_module.images_seen] = float(trainer.callback_metrics["val/l1"])

    checkpoint = Checkpoint(tmp_path / "c", monitor="val/l1", save_top_k=2)
    fit([Tick(None), Scores(), checkpoint], val_check_interval=2, max_epochs=2)
    assert sorted(scores) == [2, 4, 6, 8, 10, 12]
    best = sorted(scores, key=lambda images: scores[images])[:2]
    assert names(tmp_path / "c") == sorted(
        [*(f"images={i:09d}-val_l1={scores[i]:.4g}.ckpt" for i in best), "last.ckpt"]
    )
    for images in best:
        assert seen(tmp_path / "c" / f"images={images:09d}-val_l1={scores[images]:.4g}.ckpt") == images
    assert f"images={best[0]:09d}" in checkpoint.best_model_path
    assert seen(tmp_path / "c" / "last.ckpt") == 12


def test_best_the_other_way_round(fit: Fit, tmp_path: Path) -> None:
    low, high = (Checkpoint(tmp_path / mode, monitor="val/psnr", mode=mode) for mode in ("min", "max"))
    fit([Tick(None), low, high], val_check_interval=2)
    assert low.best_model_score is not None
    assert high.best_model_score is not None
    assert float(low.best_model_score) < float(high.best_model_score)


def test_best_by_a_metric_of_training(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(4), Checkpoint(tmp_path / "c", monitor="generator/l1")])
    best, last = names(tmp_path / "c")
    assert last == "last.ckpt"
    assert best.startswith("images=0000")
    assert "-generator_l1=" in best


def test_every_tick_can_be_kept(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(4), Checkpoint(tmp_path / "c", save_top_k=-1)])
    assert names(tmp_path / "c") == [*(f"images={i:09d}.ckpt" for i in (4, 6, 8, 12)), "last.ckpt"]
    last = tmp_path / "c" / "last.ckpt"
    assert last.stat().st_ino == (tmp_path / "c" / "images=000000012.ckpt").stat().st_ino  # written once


def test_resuming_keeps_the_best(fit: Fit, tmp_path: Path) -> None:
    first = Checkpoint(tmp_path / "c", monitor="val/l1")
    fit([Tick(None), first], max_epochs=1)
    second = Checkpoint(tmp_path / "c", monitor="val/l1")
    trainer, model = fit([Tick(None), second], max_epochs=2, ckpt_path="last")
    assert model.images_seen == 12
    assert trainer.global_step == 12
    assert len(names(tmp_path / "c")) == 2
    assert first.best_model_score is not None
    assert second.best_model_score is not None
    assert second.best_model_score <= first.best_model_score


def test_a_resumed_run_knows_the_latest_score_before_it_validates_again(fit: Fit, tmp_path: Path) -> None:
    """Lightning itself writes it and does not read it."""
    first, second = (Checkpoint(tmp_path / "c", monitor="val/l1") for _ in range(2))
    fit([Tick(None), first], max_steps=4, val_check_interval=3)
    assert first.current_score is not None
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    fit([Tick(None), second], max_steps=5, val_check_interval=3, ckpt_path="last")
    state = read(tmp_path / "c" / "last.ckpt")["callbacks"][second.state_key]
    assert state["current_score"] == first.current_score


def test_finds_its_own_folder(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(None), Checkpoint()], max_epochs=1)
    assert names(tmp_path / "checkpoints") == ["last.ckpt"]


def test_unknown_metric_with_the_nearest_names(fit: Fit, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"monitor=val/l2 is not logged \(did you mean .*val/l1"):
        fit([Tick(None), Checkpoint(tmp_path / "c", monitor="val/l2")])


def test_metric_of_a_validation_that_does_not_happen(fit: Fit, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="monitor=val/l1 needs validation, which is switched off"):
        fit([Tick(None), Checkpoint(tmp_path / "c", monitor="val/l1")], limit_val_batches=0)


def test_without_a_clock(fit: Fit, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs a clock"):
        fit([Checkpoint(tmp_path / "c")])


@pytest.mark.parametrize(("option", "value"), [("mode", "best"), ("save_top_k", -2)])
def test_nonsense_is_refused(option: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"callbacks.checkpoint.{option} is {value}"):
        Checkpoint(**{option: value})


def test_folder_that_cannot_be_written_to_fails_before_training(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match=r"cannot write checkpoints to .*taken: (File exists|Not a directory)"):
        fit([Tick(None), Checkpoint(tmp_path / "taken")])


def test_full_disk_in_the_middle_keeps_the_last_good_one(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = torch.save

    def full(content: dict[str, Any], file: Any) -> None:
        if content["gan_zoo"]["images_seen"] > 4:
            file.write(b"half")
            raise OSError(28, "No space left on device")
        save(content, file)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(UserError, match="No space left on device; the one written before is still there"):
        fit([Tick(4), Checkpoint(tmp_path / "c")])
    assert names(tmp_path / "c") == ["last.ckpt"]
    assert seen(tmp_path / "c" / "last.ckpt") == 4
    assert stat.S_ISREG((tmp_path / "c" / "last.ckpt").stat().st_mode)


def test_loss_that_is_not_finite_is_not_saved(fit: Fit, tmp_path: Path) -> None:
    class Poison(Callback):
        def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: dict[str, Any], batch_idx: int) -> None:
            if pl_module.images_seen == 4:
                batch["b"].fill_(float("nan"))

    with pytest.raises(NonFiniteLoss, match="became NaN or infinite"):
        fit([Tick(4), Poison(), Checkpoint(tmp_path / "c")], log_every_n_steps=1000)
    assert seen(tmp_path / "c" / "last.ckpt") == 4


def test_fast_dev_run_writes_nothing(fit: Fit, tmp_path: Path) -> None:
    fit([Tick(1), Checkpoint(tmp_path / "c", monitor="val/l1")], fast_dev_run=True)
    assert not (tmp_path / "c").exists()


def test_lightning_can_test_the_best_and_the_last(fit: Fit, tmp_path: Path) -> None:
    trainer, model = fit([Tick(None), Checkpoint(tmp_path / "c", monitor="val/l1")], max_epochs=1)
    for which in ("best", "last"):
        (scores,) = trainer.validate(model, datamodule=trainer.datamodule, ckpt_path=which, verbose=False)  # type: ignore[attr-defined]
        assert scores["val/l1"] > 0


def test_keyboard_interrupt_leaves_the_last_ticks(fit: Fit, tmp_path: Path) -> None:
    class Interrupt(Callback):
        def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
            if trainer.global_step == 5:
                raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):
            fit([Tick(4), Interrupt(), Checkpoint(tmp_path / "c")])
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning ignores it from then on
    assert seen(tmp_path / "c" / "last.ckpt") == 4
