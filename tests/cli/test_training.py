import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from gan_zoo.cli import main, runs
from gan_zoo.training.checkpoint_io import read

from .conftest import Run


def only(folder: str) -> Path:
    [run] = Path(folder).iterdir()
    return run


def test_a_run_leaves_what_it_should(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *small]) == 0
    run = only("outputs")
    assert re.fullmatch(r"pix2pix-paired-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d", run.name)
    for name in ("checkpoints/last.ckpt", "gallery.html", "csv", "samples", ".hydra/config.yaml"):
        assert (run / name).exists(), name
    said = capsys.readouterr().out
    assert f"gallery:    outputs/{run.name}/gallery.html" in said
    assert "1 image" in said  # the declared lines
    checkpoint = read(run / "checkpoints" / "last.ckpt")
    assert checkpoint["global_step"] == checkpoint["gan_zoo"]["images_seen"] == 2


def test_two_runs_never_share_a_folder(small: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = "hydra.run.dir=outputs/x"
    assert main(["train", *small, fixed]) == 0
    before = (Path("outputs/x/checkpoints/last.ckpt")).read_bytes()
    assert main(["train", *small, fixed]) == 1
    assert (Path("outputs/x/checkpoints/last.ckpt")).read_bytes() == before


def test_networks_are_compiled_if_asked(
    small: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["train", *small]) == 0
    assert main(["train", *small, "compile=true"]) == 1
    assert "compile=true needs a C++ compiler" in capsys.readouterr().err


def test_resume_goes_on_in_the_same_folder(small: list[str]) -> None:
    assert main(["train", *small, "trainer.max_steps=3"]) == 0
    run = only("outputs")
    assert main(["train", *small, "trainer.max_steps=5", "resume=true"]) == 0
    assert only("outputs") == run
    assert read(run / "checkpoints" / "last.ckpt")["global_step"] == 5
    assert main(["train", *small, "trainer.max_steps=6", "ckpt_path=last"]) == 0
    resumed = read(run / "checkpoints" / "last.ckpt")
    assert main(["train", *small, "trainer.max_steps=6", "hydra.run.dir=whole"]) == 0
    whole = read("whole/checkpoints/last.ckpt")
    assert all(torch.equal(resumed["state_dict"][key], value) for key, value in whole["state_dict"].items())


def test_a_checkpoint_elsewhere_starts_a_new_folder(trained: Path, small: list[str]) -> None:
    assert main(["train", *small, "trainer.max_steps=3", f"ckpt_path={trained}"]) == 0
    assert read(only("outputs") / "checkpoints" / "last.ckpt")["global_step"] == 3
    assert read(trained)["global_step"] == 2


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["data.root=nowhere"], "nowhere: no such folder"),
        (["data.batch_size=9"], "9"),
        (["data.crop_size=300"], "300"),
        (["data.crop_size=33", "data.load_size=36"], "multiples of 32"),
        (["ckpt_path=nowhere.ckpt"], "ckpt_path=nowhere.ckpt: no such file"),
        (["ckpt_path=last"], "no run pix2pix-paired-"),
        (["trainer.accelerator=gpu"], "trainer=cpu"),
        (["+model.lambda_foo=1"], "lambda_foo"),
        (["trainer.precision=7"], "7"),
        (["optimized_metric=val/l3"], "optimized_metric=val/l3 was not logged"),
        (["ckpt_path=bad.ckpt"], "bad.ckpt"),
        (["logger.csv._target_=no.such.Logger"], "no.such.Logger"),
    ],
)
def test_mistakes_are_one_line(
    small: list[str], words: list[str], line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    Path("bad.ckpt").write_bytes(b"PK\x03\x04 cut")
    assert main(["train", *small, *words]) == 1
    said = [one for one in capsys.readouterr().err.splitlines() if one.startswith("error: ")]
    assert len(said) == 1
    assert line in said[0]
    if words[0] not in ("optimized_metric=val/l3", "data.crop_size=33"):  # which show when training has begun
        assert not Path("outputs").exists() or not list(Path("outputs").iterdir())


def test_lightnings_own_words(small: list[str]) -> None:
    assert main(["train", *small, "trainer.fast_dev_run=true", "hydra.run.dir=fast"]) == 0
    assert (
        main(
            [
                "train",
                *small,
                "trainer.max_steps=-1",
                "trainer.max_epochs=1",
                "trainer.limit_train_batches=3",
                "hydra.run.dir=a",
            ]
        )
        == 0
    )
    assert read("a/checkpoints/last.ckpt")["global_step"] == 3
    many = ["trainer.accumulate_grad_batches=2", "trainer.gradient_clip_val=0.5", "trainer.val_check_interval=2"]
    assert main(["train", *small, *many, "trainer.overfit_batches=2", "hydra.run.dir=b"]) == 0
    assert read("b/checkpoints/last.ckpt")["gan_zoo"]["images_seen"] == 4


def test_the_configuration_is_kept_beside_the_run(trained: Path) -> None:
    kept = OmegaConf.load(trained.parents[1] / ".hydra" / "config.yaml")
    assert kept.data.crop_size == 32
    assert "overrides.yaml" in {path.name for path in (trained.parents[1] / ".hydra").iterdir()}


def test_grid_goes_on_after_a_failed_trial(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "-m", *small, "data.crop_size=300,32"]) == 0
    said = capsys.readouterr().err
    assert said.count("error: this trial failed: ") == 1
    assert "1 of 2 trials failed" in said
    sweep = only("sweeps")
    assert not (sweep / "0-pix2pix-paired" / "checkpoints").exists()
    assert (sweep / "1-pix2pix-paired" / "checkpoints" / "last.ckpt").exists()
    assert (sweep / "1-pix2pix-paired" / "gallery.html").exists()


def test_a_sweep_without_any_success_fails(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "-m", *small, "data.crop_size=300,301"]) == 1
    assert "error: all 2 trials of the sweep failed" in capsys.readouterr().err


def test_optuna_searches_and_survives_failures(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    search = [
        "hydra/sweeper=optuna",
        "optimized_metric=val/l1",
        "hydra.sweeper.n_trials=3",
        "hydra.sweeper.sampler.seed=1",
    ]
    fixed = [word for word in small if not word.startswith("data.crop_size")]
    space = ["trainer.val_check_interval=2", "data.crop_size=choice(32,300)"]
    assert main(["train", "-m", *fixed, *search, *space]) == 0
    results = OmegaConf.load(only("sweeps") / "optimization_results.yaml")
    assert str(results.best_params["data.crop_size"]) == "32"
    assert results.best_value > 0
    assert "error: this trial failed" in capsys.readouterr().err


def test_optuna_needs_a_value(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "-m", *small, "hparams_search=pix2pix_optuna", "optimized_metric=null"]) == 1
    assert "a search needs optimized_metric" in capsys.readouterr().err


def test_train_returns_the_optimized_metric(small: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    values = []
    train = runs.train
    monkeypatch.setattr(runs, "train", lambda cfg: values.append(train(cfg)))
    assert main(["train", *small, "optimized_metric=val/l1", "trainer.val_check_interval=2"]) == 0
    assert 0 < values[0] < 2


def test_cfg_shows_and_trains_nothing(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *small, "--cfg", "job"]) == 0
    assert "lambda_l1: 100.0" in capsys.readouterr().out
    assert not Path("outputs").exists()


@pytest.mark.slow
def test_a_full_disk_keeps_the_last_good_checkpoint(small: list[str], spawn: Run) -> None:
    """The size of files is limited as a full disk would: the first checkpoint fits, no later one can be written."""
    assert main(["train", *small, "hydra.run.dir=run"]) == 0
    good = Path("run/checkpoints/last.ckpt").read_bytes()
    limited = f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({len(good) // 2},) * 2); "
    code = (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from gan_zoo.cli import main; sys.exit(main())"
    )
    words = ["train", *small, "trainer.max_steps=4", "hydra.run.dir=run", "resume=true", "callbacks.gallery=null"]
    import os
    import subprocess
    import sys

    from .conftest import ROOT

    done = subprocess.run(
        [sys.executable, "-c", limited + code, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert [one for one in done.stderr.splitlines() if one.startswith("error: cannot write")]
    assert Path("run/checkpoints/last.ckpt").read_bytes() == good
    assert json.dumps(sorted(path.name for path in Path("run/checkpoints").iterdir())) == '["last.ckpt"]'
