import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hydra.utils import instantiate
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from omegaconf import OmegaConf, open_dict, read_write
from submitit.slurm import slurm

from gan_zoo import launch
from gan_zoo.cli.compose import Composer, forget
from gan_zoo.errors import UserError

SRC = Path(__file__).resolve().parents[2] / "src"


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        ({}, True),
        ({"LOCAL_RANK": "0"}, True),
        ({"LOCAL_RANK": "1"}, False),
        ({"RANK": "3", "LOCAL_RANK": "0"}, False),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4", "SLURM_JOB_NAME": "train"}, False),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4", "SLURM_JOB_NAME": "bash"}, True),
    ],
)
def test_who_prints_and_writes(variables: dict[str, str], first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCAL_RANK", "RANK", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_JOB_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert launch.is_first_rank() is first
    assert not launch.is_own_child()


@pytest.mark.parametrize(
    ("variables", "elsewhere"),
    [
        ({}, False),
        ({"WORLD_SIZE": "1", "RANK": "0"}, False),
        ({"WORLD_SIZE": "2", "RANK": "0"}, True),
        ({"WORLD_SIZE": "2", "LOCAL_RANK": "1", "GAN_ZOO_OWN_RANK": "1"}, False),
        ({"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "train"}, True),
        ({"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "bash"}, False),
    ],
)
def test_who_started_the_processes(variables: dict[str, str], elsewhere: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "LOCAL_RANK", "RANK", "SLURM_NTASKS", "SLURM_JOB_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert launch.started_elsewhere() is elsewhere


@pytest.mark.parametrize("inside", [True, False])
def test_slurm_does_not_requeue(inside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_NAME", "train")
    monkeypatch.delenv("SLURM_NTASKS", raising=False)
    if inside:
        monkeypatch.setenv("SLURM_NTASKS", "1")
    here = ["accelerator=cpu", "devices=1", "precision=32-true", "default_root_dir=."]
    config = Composer("train").compose(["trainer=slurm", *(f"trainer.{word}" for word in here)]).trainer
    forget()
    environment = instantiate(config, logger=False)._accelerator_connector.cluster_environment
    assert isinstance(environment, SLURMEnvironment) is inside
    assert not getattr(environment, "auto_requeue", False)


def test_slurm_jobs_are_warned_by_the_signal_on_which_runs_save() -> None:
    words = ["trainer=slurm", "hydra/launcher=submitit_slurm", "hydra.launcher.signal_delay_s=90"]
    launcher = Composer("train").compose(words, multirun=True).hydra.launcher
    given = OmegaConf.to_container(launcher, resolve=True)
    forget()
    assert isinstance(given, dict)
    chosen = {key: given[key] for key in ("signal_delay_s", "additional_parameters")}
    script = slurm._make_sbatch_string("train", "logs", **chosen)  # type: ignore[arg-type]
    assert "#SBATCH --signal=TERM@90" in script
    assert script.count("--signal") == 1


def test_a_rank_gets_the_jobs_own_words(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    composer = Composer("train", config_dir=str(tmp_path / "mine"))
    words = ["model=cyclegan", "data=maps", "model.lambda_idt=0.1"]
    cfg = composer.compose([*words, f"hydra.run.dir={tmp_path}"])
    with read_write(cfg.hydra.job), read_write(cfg.hydra.runtime), open_dict(cfg):
        cfg.hydra.runtime.output_dir = str(tmp_path / "it's 1")
        cfg.hydra.job.config_name = "train"
        cfg.hydra.runtime.cwd = str(tmp_path)
    from hydra.core.hydra_config import HydraConfig

    HydraConfig.instance().set_config(cfg)
    command, cwd = launch.rank_command(1, ["GAN_ZOO_X=1"])
    forget()
    assert cwd == str(tmp_path)
    assert command[0] == sys.executable
    assert [word for word in words if word in command] == words
    assert "-m" not in command
    assert "--multirun" not in command
    for expected in ("hydra.output_subdir=null", "hydra.mode=RUN", "hydra.run.dir='" + str(tmp_path) + "/it\\'s 1'"):
        assert expected in command
    assert command[command.index("--config-dir") + 1] == str(tmp_path / "mine")
    assert command[command.index("--config-name") + 1] == "train"


def test_the_start_sets_variables_and_finds_the_package() -> None:
    done = subprocess.run(
        [sys.executable, "-c", launch._START, "GAN_ZOO_X=a=b", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": ""},
    )
    assert done.stdout.startswith("gan-zoo ")


def test_a_job_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    from lightning.pytorch.strategies.launchers import subprocess_script

    original = subprocess_script._hydra_subprocess_cmd  # type: ignore[attr-defined]
    for name in launch.RANK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MASTER_ADDR", "elsewhere")
    with launch.job():
        assert subprocess_script._hydra_subprocess_cmd is not original  # type: ignore[attr-defined]
        os.environ["MASTER_PORT"] = "1234"
        os.environ["MASTER_ADDR"] = "127.0.0.1"
        os.environ["WORLD_SIZE"] = "2"
    assert subprocess_script._hydra_subprocess_cmd is original  # type: ignore[attr-defined]
    assert {name: os.environ.get(name) for name in ("MASTER_PORT", "MASTER_ADDR", "WORLD_SIZE")} == {
        "MASTER_PORT": None,
        "MASTER_ADDR": "elsewhere",
        "WORLD_SIZE": None,
    }


def test_the_line_of_a_rank_is_the_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first rank sees only a broken connection; what the other one said is shown."""
    monkeypatch.setattr(launch.Ranks, "said", lambda self, wait=0.0: "image 3 is damaged")
    with pytest.raises(UserError, match="image 3 is damaged"), launch.job():
        raise RuntimeError("Connection closed by peer")
    with pytest.raises(UserError, match="my own"), launch.job():
        raise UserError("my own")


def sleeper(seconds: float, code: int = 0) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", f"import sys, time; time.sleep({seconds}); sys.exit({code})"])


def test_stop_waits_for_ranks_and_then_kills() -> None:
    ranks = launch.Ranks()
    ranks.processes = [sleeper(0.1), sleeper(60)]
    start = time.monotonic()
    ranks.stop(patience=1.0)
    assert time.monotonic() - start < 10
    assert ranks.processes[0].returncode == 0
    assert ranks.processes[1].returncode == -9


HANG = """
import subprocess, sys, time
from gan_zoo import launch
launch.GRACE = 0.3
ranks = launch.Ranks()
ranks.watch([subprocess.Popen([sys.executable, "-c", "import sys; sys.exit(3)"])])
time.sleep(60)
"""


def test_a_hanging_first_rank_ends_soon_after_another_died() -> None:
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", HANG],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(SRC), "PATH": ""},
        timeout=50,
    )
    assert time.monotonic() - start < 30
    assert done.returncode == 1
    assert done.stderr == "error: one of 2 processes died; the others were stopped\n"
