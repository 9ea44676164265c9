import json
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.cli import main
from gan_zoo.cli.compose import Composer, forget
from gan_zoo.evaluation.build import build, settings
from tests.cli.conftest import ROOT, Run


def test_measures_are_printed_and_written(trained: Path, small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    data = [word for word in small if word.startswith("data")]
    capsys.readouterr()
    assert main(["evaluate", f"checkpoint={trained}", *data, "trainer=cpu"]) == 0
    [folder] = Path("evaluations").iterdir()
    report = json.loads((folder / "metrics.json").read_text())
    assert set(report["metrics"]) >= {"test/l1", "test/psnr", "test/ssim"}
    assert report["images_seen"] == 2
    assert report["data"]["crop_size"] == 32
    assert f"{report['metrics']['test/l1']:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["data=paired"], "checkpoint=… is missing"),
        (["checkpoint=x.ckpt"], "data=… is missing"),
        (["checkpoint=x.ckpt", "data=pared"], "there is no data=pared (did you mean paired"),
        (["checkpoint=x.ckpt", "data=paired"], "there is no checkpoint x.ckpt"),
    ],
)
def test_mistakes(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *words]) == 1
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not list(Path().rglob("metrics.json"))


def test_data_of_other_channels_are_refused(trained: Path, pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", f"checkpoint={trained}", "data=paired", f"data.root={pairs}", "data.channels.b=1"]) == 1
    assert "takes channels {'a': 3, 'b': 3}, data=paired gives {'a': 3, 'b': 1}" in capsys.readouterr().err


TINY = "judges.inception._target_=tests.unit.evaluation.nets.Tiny"
QUICK = ["trainer=cpu", "evaluation.num_workers=0"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What judges saw is kept in the test's own folder; torch hub's is empty, and there is no network."""
    monkeypatch.setenv("GAN_ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "cache"


def only_report() -> dict[str, Any]:
    [path] = Path("evaluations").rglob("metrics.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_metrics_are_measured_and_carry_their_protocols(
    trained: Path, small: list[str], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = [word for word in small if word.startswith("data")]
    capsys.readouterr()
    words = ["metrics=[l1,psnr,fid,kid_ugatit,diversity]", "metrics.diversity.outputs=2", TINY]
    words += ["judges.lpips._target_=tests.unit.evaluation.nets.Distance", "evaluation.seed=3"]
    assert main(["evaluate", f"checkpoint={trained}", *data, *words, *QUICK]) == 0
    said, report = capsys.readouterr(), only_report()
    assert list(report["metrics"]) == [
        *("fid_tiny_8/ab", "kid_ugatit_tiny_8/ab", "kid_ugatit_mean_tiny_8/ab"),
        *("l1/ab", "psnr/ab", "diversity_distance/ab"),
    ]
    assert report["model"] == "Pix2Pix"
    about = report["protocols"]["fid_tiny_8/ab"]
    assert (about["seed"], about["split"], about["images"], about["real_images"]) == (3, "test", 2, 2)
    assert about["judge"]["network"] == "tiny"
    assert f"{report['metrics']['l1/ab']:.4f}" in said.out
    assert "fid_tiny_8 of 2 pictures is biased" in said.err
    assert len(list(cache.rglob("*.pt"))) == 2  # what Tiny saw of the targets, and of the sources


def test_what_needs_no_network_is_measured_without_one(
    trained: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    data = [word for word in small if word.startswith("data")]
    capsys.readouterr()
    words = ["metrics=[l1,swd,fid,kid]", "judges.inception.weights=nowhere.pth"]
    assert main(["evaluate", f"checkpoint={trained}", *data, *words, *QUICK]) == 0
    said, report = capsys.readouterr().err, only_report()
    assert {key.partition("/")[0] for key in report["metrics"]} >= {"l1", "swd_32px"}
    assert list(report["skipped"]) == ["fid", "kid"]
    assert said.count("\n") == 1
    assert "not measured: fid, kid: there are no weights at nowhere.pth" in said
    assert main(["evaluate", f"checkpoint={trained}", *data, "metrics=[fid]", words[1], *QUICK]) == 1
    assert "there are no weights at nowhere.pth" in capsys.readouterr().err
    assert len(list(Path("evaluations").iterdir())) == 1  # nothing is left of it


IMPOSSIBLE = {
    "[fdi]": "there is no metrics=fdi (did you mean fid",
    "[path_length]": "metrics=path_length: Pix2Pix translates and has no latent space",
    "[cycle]": "metrics=cycle: Pix2Pix translates one way and cannot come back",
    "[truth]": "metrics=truth: data=paired knows no true translations",
}


def test_impossible_metrics(trained: Path, small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    data = [word for word in small if word.startswith("data")]
    for metrics, line in IMPOSSIBLE.items():
        capsys.readouterr()
        assert main(["evaluate", f"checkpoint={trained}", *data, f"metrics={metrics}", *QUICK]) == 1
        said = capsys.readouterr().err
        assert line in said
        assert said.count("\n") == 1
    assert not list(Path("evaluations").rglob("metrics.json"))


def test_every_metric_composes_for_training_and_for_evaluation() -> None:
    names = [path.stem for path in sorted((Path(__file__).parents[2] / "conf" / "metrics").glob("*.yaml"))]
    for config, words in (("evaluate", ["data=maps", "checkpoint=x"]), ("train", [])):
        cfg = Composer(config).compose([*words, f"metrics=[{','.join(names)}]"])
        measures = build(cfg.metrics)
        assert set(names) - set(measures) == {"paired", "unpaired", "unconditional"}
        assert settings(cfg.evaluation).seed == cfg.seed
    forget()


def test_training_measures_and_keeps_the_best(small: list[str], tmp_path: Path) -> None:
    words = ["metrics=[l1,fid]", TINY, "callbacks.checkpoint.monitor=fid", "callbacks.tick.every_n_images=1"]
    assert main(["train", *small, *words, f"hydra.run.dir={tmp_path / 'run'}"]) == 0
    kept = [path.name for path in (tmp_path / "run" / "checkpoints").glob("images=*")]
    assert len(kept) == 1
    assert "-metrics_fid=" in kept[0]
    assert "metrics/fid_tiny_8/ab" in (tmp_path / "run" / "history.jsonl").read_text()


@pytest.mark.slow
def test_two_processes_measure_what_one_does(trained: Path, small: list[str], spawn: Run, tmp_path: Path) -> None:
    data = [word for word in small if word.startswith("data")]
    words = ["metrics=[l1,swd,fid]", TINY, "trainer=cpu", "evaluation.batch_size=1", "evaluation.cache=false"]
    found = []
    for devices in (1, 2):
        more = [f"trainer.devices={devices}", f"hydra.run.dir={tmp_path / str(devices)}"]
        done = spawn("evaluate", f"checkpoint={trained}", *data, *words, *more, PYTHONPATH=f"{ROOT / 'src'}:{ROOT}")
        assert done.returncode == 0, done.stderr
        found.append(json.loads((tmp_path / str(devices) / "metrics.json").read_text())["metrics"])
        assert done.stdout.count("written:") == 1
    assert found[0] == found[1]
    assert not list((tmp_path / "2").glob("rank*"))


def test_loggers_of_training_take_the_numbers(trained: Path, small: list[str], tmp_path: Path) -> None:
    data = [word for word in small if word.startswith("data")]
    words = ["metrics=[l1]", "logger=[csv,wandb]", f"hydra.run.dir={tmp_path / 'judged'}", *QUICK]
    assert main(["evaluate", f"checkpoint={trained}", *data, *words]) == 0
    [written] = (tmp_path / "judged" / "csv").rglob("metrics.csv")
    assert "metrics/l1/ab" in written.read_text()
    [run] = (tmp_path / "judged").rglob("*.wandb")
    assert b"metrics/l1/ab" in run.read_bytes()
