import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan_zoo.cli import main
from gan_zoo.training.checkpoint_io import read

from .conftest import ROOT


@pytest.mark.slow
def test_sigterm_leaves_a_checkpoint_that_resumes(small: list[str]) -> None:
    words = [*small, "trainer.max_steps=100000", "hydra.run.dir=run", "callbacks.gallery=null", "callbacks.grids=null"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "gan_zoo.cli", "train", *words]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    last = Path("run/checkpoints/last.ckpt")
    until = time.monotonic() + 120
    while not last.exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 143, said
    assert "stopped by SIGTERM: resume=true goes on" in said
    steps = read(last)["global_step"]
    assert steps > 0
    assert main(["train", *words[:-4], f"trainer.max_steps={steps + 2}", "hydra.run.dir=run", "resume=true"]) == 0
    assert read(last)["global_step"] == steps + 2
