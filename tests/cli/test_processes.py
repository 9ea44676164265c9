"""Processes that run a part of this package for another one, and end with it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan_zoo.cli.processes import command, fate


def test_a_command_runs_its_function_and_has_its_status() -> None:
    done = subprocess.run(command("gan_zoo.cli", "main", "--version"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0]) == (0, "gan-zoo")
    assert subprocess.run(command("subprocess", "call", "false"), check=False).returncode == 1


def test_a_command_finds_the_package_from_nothing_but_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        command("gan_zoo.cli", "main", "--version"), capture_output=True, cwd=tmp_path, env={"PATH": ""}, check=False
    )
    assert done.returncode == 0


@pytest.mark.slow
def test_a_process_ends_with_the_one_that_started_it() -> None:
    parent = (
        "import subprocess; from gan_zoo.cli.processes import command; "
        "p = subprocess.Popen(command('subprocess', 'call', 'sleep', '60')); print(p.pid, flush=True); p.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        process.kill()
    until = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_how_a_process_ended() -> None:
    assert fate(3) == "ended with status 3"
    assert fate(-signal.SIGTERM) == "killed by SIGTERM"
    assert fate(-signal.SIGKILL) == "killed by SIGKILL, as the system does when memory runs out"
