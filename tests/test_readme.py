"""Every command and every Python block of the README runs, in its order, in a copy of the project with small data.

Commands are run as they stand, with these additions (README lines are for people, who have hours and GPUs):

- training commands get TINY: three iterations of a narrow model;
- pix2pixHD's, whose pictures are 1024 and 2048 px wide, get SMALL;
- `trainer.devices=8` is followed by TWO_PROCESSES, which overrides it;
- `gan-zoo compare` gets TINY and a budget of three iterations, `gan-zoo evaluate` FEW pictures;
- `make demo` gets TINY, `make test` one quick file, and all of `make` a stamp that says that .venv is set up.

In Python blocks the texts of SHORTER are replaced.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()

TINY = "debug=tiny"
SMALL = "data.load_size=128"
FEW = "evaluation.samples=4"
TWO_PROCESSES = "trainer.accelerator=cpu trainer.devices=2 trainer.precision=32-true"
QUICK_TEST = "tests/unit/training/test_image_pool.py"
SHORTER = {
    "Trainer(max_epochs=200)": "Trainer(max_steps=2, accelerator='cpu', logger=False, limit_val_batches=1)",
    "CycleGAN()": "CycleGAN(generator=__import__('functools').partial(ResNet, n_blocks=1, ngf=2))",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def shortened(command: str, stamp: Path) -> str:
    """A command with the additions that the module's docstring lists."""
    if command.startswith("make "):
        arguments = {"make demo": TINY, "make test": QUICK_TEST}.get(command, "")
        return f"{command} VENV={sys.prefix} STAMP={stamp} JOBS=1 ARGS='{arguments}'"
    if re.match(r"(python train\.py|gan-zoo train)\b", command) and "--help" not in command:
        more = {"trainer.devices=8": TWO_PROCESSES, "pix2pixhd": SMALL}
        return " ".join([command, *(words for said, words in more.items() if said in command), TINY])
    if command.startswith("gan-zoo compare"):
        return f"{re.sub('budget=[^ ]+', 'budget=3it', command)} {TINY}"
    return f"{command} {FEW}" if command.startswith("gan-zoo evaluate") else command


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, as one would clone it, with a set-up .venv and the photographs that the README names."""
    folder = tmp_path_factory.mktemp("readme") / "gan_zoo"
    hidden = shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__", "golden")
    folder.mkdir()
    for name in ("src", "conf", "tests", "notebooks", ".ci"):
        shutil.copytree(ROOT / name, folder / name, ignore=hidden)
    for name in ("train.py", "Makefile", "pyproject.toml", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    photos = folder / "photos"
    for number in range(8):  # all different: `data check` notices pictures that occur twice
        split = "train" if number < 4 else "test"
        draw(photos / "maps" / split / f"{number}.jpg", 80, 40, number)
        draw(photos / "horses2zebras" / f"{split}A" / f"horse{number}.jpg", 40, 40, 10 + number)
        draw(photos / "horses2zebras" / f"{split}B" / f"zebra{number}.jpg", 44, 40, 20 + number)
        streets(photos / "streets", split, number)
    draw(photos / "scratched" / "leaf.png", 50, 37, 99)
    stub_environment(folder / ".venv" / "bin")
    return folder


def draw(path: Path, width: int, height: int, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height)).save(path)


def streets(folder: Path, split: str, number: int) -> None:
    """A label map of two classes with its instance map and photograph."""
    ids = np.zeros((64, 64), dtype=np.uint8)
    ids[:, 8 * number % 56 :] = 1
    for kind in ("label", "inst"):
        path = folder / f"{split}_{kind}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(ids).save(path)
    draw(folder / f"{split}_img" / f"{number}.jpg", 64, 64, 30 + number)


def stub_environment(folder: Path) -> None:
    """What activating .venv gives: this interpreter, and `gan-zoo`."""
    folder.mkdir(parents=True)
    for name, command in {"python": "", "gan-zoo": "-m gan_zoo.cli"}.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} {command} "$@"\n')
        (folder / name).chmod(0o755)
    (folder / "activate").write_text(f'export PATH="{folder}:$PATH"\n')


@pytest.fixture
def environment(clone: Path) -> dict[str, str]:
    own = {"PYTHONPATH": str(clone / "src"), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"), "CUDA_VISIBLE_DEVICES": ""}
    return {**os.environ, **own, "PATH": f"{clone / '.venv' / 'bin'}:{os.environ['PATH']}"}


def lines() -> Iterator[str]:
    for block in blocks("bash"):
        yield from (line for line in block.splitlines() if line and not line.startswith("#"))


def run(line: str, command: str, folder: Path, environment: dict[str, str]) -> str:
    """Nothing if the command goes well, else the README's line with what it printed."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    return "" if done.returncode == 0 else f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.slow
def test_every_command_runs(clone: Path, environment: dict[str, str]) -> None:
    stamp = clone / "stamp"
    stamp.touch()
    assert len(list(lines())) > 10
    failed = [told for line in lines() if (told := run(line, shortened(line, stamp), clone, environment))]
    assert not failed, "\n\n".join(failed)
    assert list((clone / "translated").iterdir())
    assert len(list((clone / "zebras").iterdir())) == 3 * 4
    assert len(list(clone.glob("outputs/*/gallery.html"))) >= 4


@pytest.mark.slow
def test_every_python_block_runs(clone: Path, environment: dict[str, str]) -> None:
    source = "\n".join(blocks("python"))
    for text, shorter in SHORTER.items():
        assert text in source
        source = source.replace(text, shorter)
    source = f"from gan_zoo.networks.resnet import ResNet\n{source}\nassert zebras.shape == (1, 3, 200, 300)\n"
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


def test_parity_counts_are_those_of_the_golden_cases() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \|.*?\| (\d+ of \d+) \|", README, re.MULTILINE))
    models = {path.stem for path in (ROOT / "conf" / "model").glob("*.yaml")}
    assert set(table) == models
    for model, counts in table.items():
        cases = list((ROOT / "tests" / "golden" / model).glob("*/case.json"))
        for case in cases:
            assert json.loads(case.read_text())
        assert counts == f"{len(cases)} of {len(cases)}", model


def test_the_picture_at_the_top_was_made() -> None:
    (path,) = re.findall(r"^!\[.+\]\((\S+)\)$", README, re.MULTILINE)
    with Image.open(ROOT / path) as picture:
        assert picture.width >= 600
