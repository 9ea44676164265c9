"""Several processes for one Hydra job: started with that job's own configuration, watched, and cleaned up after.

Stock Lightning starts the other ranks with the whole command line of the first. Under Hydra's ``-m`` each of them would
then run a sweep of its own, and an unseeded search would train different trials on different ranks, without an error
(Lightning issue 11300). Here a rank is started with the overrides of exactly this job and in its folder, a check
compares the ranks' configurations, and the next job of a sweep finds no trace of the process group.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from lightning import Callback
    from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

RANK_VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "LOCAL_RANK", "WORLD_SIZE")
ERRORS = "GAN_ZOO_RANK_ERRORS"  # a folder: rank r leaves its error's line in the file r
OWN = "GAN_ZOO_OWN_RANK"  # set in the processes that we start
GRACE = 10.0  # seconds that the first rank has to fail by itself after another one died


def is_own_child() -> bool:
    """Whether this process is a further rank that the first one started."""
    return os.environ.get(OWN) == "1" and os.environ.get("LOCAL_RANK", "0") != "0"


def is_first_rank() -> bool:
    """Whether this process prints and writes: rank 0, however the ranks were started."""
    for name in ("RANK", "SLURM_PROCID"):
        if os.environ.get(name, "").isdigit() and (name == "RANK" or _in_slurm_job()):
            return os.environ[name] == "0"
    return os.environ.get("LOCAL_RANK", "0") == "0"


def started_elsewhere() -> bool:
    """Whether something else than the first rank started several processes for this command: srun, torchrun."""
    counts = [os.environ.get("WORLD_SIZE", "1"), os.environ.get("SLURM_NTASKS", "1") if _in_slurm_job() else "1"]
    return not is_own_child() and any(count.isdigit() and int(count) > 1 for count in counts)


def _in_slurm_job() -> bool:
    """Whether srun started this process (in an interactive allocation the variables are set as well)."""
    return "SLURM_NTASKS" in os.environ and os.environ.get("SLURM_JOB_NAME") not in ("bash", "interactive", None)


def slurm() -> "SLURMEnvironment | None":
    """SLURM's processes without Lightning's requeueing, whose handler of SIGUSR1 saves in the middle of an iteration.

    Ours saves on SIGTERM, between two iterations. None where SLURM has not started this process: Lightning then looks
    for what did.
    """
    from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

    return SLURMEnvironment(auto_requeue=False) if SLURMEnvironment.detect() else None


@contextmanager
def job(word: str = "train") -> Iterator[None]:
    """Around one job: its ranks start as they should, and nothing of them is left for the next job.

    ``word``: the command that ranks are started with.

    Raises:
        UserError: a rank failed; its line.
    """
    before = {name: os.environ.get(name) for name in (*RANK_VARIABLES, ERRORS, OWN)}
    ranks = Ranks(word)
    try:
        with ranks.installed():
            yield
    except Exception as error:
        line = ranks.said(wait=2.0)
        if line and not isinstance(error, UserError):
            raise UserError(line) from error
        raise
    finally:
        ranks.stop()
        _leave_group()
        for name, value in before.items():
            if not is_own_child():
                _set(name, value)


class Ranks:
    """The further ranks of one job."""

    def __init__(self, word: str = "train") -> None:
        self.word = word
        self.processes: list[subprocess.Popen[bytes]] = []
        self.over = threading.Event()
        self.folder: tempfile.TemporaryDirectory[str] | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Lightning's launcher asks us for the command of a rank, and hands us its processes."""
        from lightning.pytorch.strategies.launchers import subprocess_script

        launcher: Any = subprocess_script
        saved = launcher._hydra_subprocess_cmd, launcher._launch_process_observer
        launcher._hydra_subprocess_cmd, launcher._launch_process_observer = self.command, self.watch
        try:
            yield
        finally:
            launcher._hydra_subprocess_cmd, launcher._launch_process_observer = saved

    def command(self, local_rank: int) -> tuple[list[str], str]:
        """How rank ``local_rank`` starts; also prepares the folder for its error."""
        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory(prefix="gan_zoo-ranks-")
        # Lightning copies the environment before it asks for the command: the words below carry these two.
        variables = [f"{ERRORS}={self.folder.name}", f"{OWN}=1"]
        return rank_command(local_rank, variables, self.word)

    def watch(self, processes: list[subprocess.Popen[bytes]]) -> None:
        """End this process soon after one of its ranks died, should it hang in a collective operation."""
        self.processes = processes
        threading.Thread(target=self._watch, daemon=True, name="gan_zoo-ranks").start()

    def _watch(self) -> None:
        while not self.over.wait(0.2):
            codes = [process.poll() for process in self.processes]
            if all(code == 0 for code in codes):
                return
            if any(codes) and not self.over.wait(GRACE):
                self._give_up()

    def _give_up(self) -> None:
        """The main thread sits in a collective that will never end: say why, and leave."""
        line = self.said() or f"one of {len(self.processes) + 1} processes died; the others were stopped"
        print(f"error: {line}", file=sys.stderr, flush=True)
        self._kill()
        os._exit(1)

    def said(self, wait: float = 0.0) -> str:
        """The line of the first rank that failed, if any said one within ``wait`` seconds."""
        until = time.monotonic() + wait
        while self.folder is not None:
            for file in sorted(Path(self.folder.name).iterdir()):
                if text := file.read_text(encoding="utf-8"):
                    return text
            if time.monotonic() >= until or not self.processes:
                break
            time.sleep(0.1)
        return ""

    def stop(self, patience: float = 20.0) -> None:
        """Wait for the ranks to end by themselves, at most ``patience`` seconds; then kill them."""
        self.over.set()
        if sys.exc_info()[0] is not None:
            patience = 2.0
        until = time.monotonic() + patience
        while any(process.poll() is None for process in self.processes) and time.monotonic() < until:
            time.sleep(0.05)
        self._kill()
        if self.folder is not None:
            self.folder.cleanup()

    def _kill(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def rank_command(local_rank: int, variables: list[str], word: str = "train") -> tuple[list[str], str]:
    """The words that start one further rank of the running Hydra job, and the folder to start it in.

    It gets this job's overrides as the sweep chose them, its folder and its configuration's place; no ``-m``, and
    nothing to write of its own.
    """
    from hydra.core.hydra_config import HydraConfig

    hydra = HydraConfig.get()
    places = {source.provider: source.path for source in hydra.runtime.config_sources}
    words = ["--config-name", str(hydra.job.config_name), "--config-path", places["main"]]
    if "command-line" in places:
        words += ["--config-dir", places["command-line"]]
    carried = [text for text in hydra.overrides.hydra if str(text).startswith("hydra.searchpath=")]
    own = [f"hydra.run.dir={_quoted(hydra.runtime.output_dir)}", "hydra.output_subdir=null", "hydra.mode=RUN"]
    name = [f"hydra.job.name=rank_{local_rank}"]
    start = [sys.executable, "-c", _START, *variables, word]
    return [*start, *words, *hydra.overrides.task, *carried, *own, *name], str(hydra.runtime.cwd)


# The same interpreter, module path and variables as here, also where this process was started by joblib or submitit.
_START = f"""
import os, sys
while "=" in sys.argv[1] and sys.argv[1].startswith("GAN_ZOO_"):
    name, _, value = sys.argv.pop(1).partition("=")
    os.environ[name] = value
sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})
from gan_zoo.cli import main
sys.exit(main())
"""


def same_config(fingerprint: str) -> "Callback":
    """A callback that refuses to train where the ranks were given different configurations."""
    import torch
    from lightning import Callback, LightningModule, Trainer

    class SameConfig(Callback):
        """Compares a hash of the configuration over the ranks when the trainer starts."""

        def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
            """Collective; all ranks raise or none."""
            if trainer.world_size == 1:
                return
            everyone: list[Any] = [None] * trainer.world_size
            torch.distributed.all_gather_object(everyone, fingerprint)
            if len(set(everyone)) > 1:
                raise UserError(
                    "the processes of this run have different configurations: start all of them with the same words"
                )

    return SameConfig()


def _leave_group() -> None:
    """Without this the next job of a sweep would talk to the ranks of this one."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _quoted(text: str) -> str:
    """A path as a value in Hydra's override language."""
    escaped = str(text).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
