"""What surrounds the code: packaging, pins, make targets, continuous integration, notebooks."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import gan_zoo

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def requirements() -> list[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    texts = PROJECT["project"]["dependencies"] + [text for extra in extras for text in extra]
    return [Requirement(text) for text in texts if not text.startswith("gan-zoo")]


def test_constraints_are_plain_exact_pins() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.]+", line), line


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_each_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


def test_ranges_admit_the_oldest_supported_versions() -> None:
    ranges = {requirement.name: requirement.specifier for requirement in requirements()}
    for name, version in {
        "torch": "2.11.0",
        "torchvision": "0.26.0",
        "lightning": "2.6.0",
        "torchmetrics": "1.9.0",
    }.items():
        assert ranges[name].contains(version), name
    assert not ranges["omegaconf"].contains("2.4.0"), "Hydra 1.3 cannot use OmegaConf 2.4"
    assert not ranges["sqlalchemy"].contains("2.0.0"), "the Optuna sweeper cannot store its study with SQLAlchemy 2"


def make(*arguments: str) -> str:
    done = subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_make_explains_every_target_by_default() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    told = make("--no-print-directory")
    assert told == make("--no-print-directory", "help")
    for target in phony[1].split():
        assert re.search(rf"\b{target}\b\S* +\w+", told), target


def test_make_chooses_a_python_that_can_run_the_zoo() -> None:
    told = make("--no-print-directory", "--eval", "which: ; @echo '$(PYTHON)'", "which").strip()
    code = "import sys, venv, ensurepip; print(sys.version_info >= (3, 11))"
    assert subprocess.run([told, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "True"


def test_make_says_what_is_missing_without_a_python(tmp_path: Path) -> None:
    arguments = ["make", "setup", "PYTHON=", f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
    assert not list(tmp_path.iterdir())


def test_continuous_integration_ends_with_the_readmes_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    commands = [line.split(" #")[0].strip() for line in script.read_text().splitlines() if line.startswith("make ")]
    assert commands == ["make setup", "make check", "make notebooks", "make test"]
    assert re.search(r"^make test\b", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_pre_commit_runs_what_make_check_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entries = {hook["entry"].replace(" --force-exclude", "").removeprefix(".venv/bin/") for hook in hooks}
    recipe = make("--no-print-directory", "-n", "-o", ".venv/.installed", "check").splitlines()
    assert entries == {line.strip().removeprefix(".venv/bin/").removesuffix(" .") for line in recipe}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_package_configs_and_photos(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wheel.name == f"gan_zoo-{gan_zoo.__version__}-py3-none-any.whl"
    sources = {f"gan_zoo/{path.relative_to(ROOT / 'src/gan_zoo').as_posix()}" for path in (ROOT / "src").rglob("*.py")}
    configs = {f"gan_zoo/conf/{path.relative_to(ROOT / 'conf').as_posix()}" for path in (ROOT / "conf").rglob("*.yaml")}
    photos = {f"gan_zoo/{path.relative_to(ROOT / 'src/gan_zoo').as_posix()}" for path in (ROOT / "src").rglob("*.jpg")}
    assert sources
    assert configs
    assert photos
    assert not (sources | configs | photos | {"gan_zoo/py.typed"}) - names
    assert not [name for name in names if not name.startswith(("gan_zoo/", f"gan_zoo-{gan_zoo.__version__}"))]
    size = sum(info.compress_size for info in zipfile.ZipFile(wheel).infolist() if info.filename.endswith(".jpg"))
    assert size <= 3_000_000


@pytest.mark.slow
def test_wheel_trains_outside_a_checkout(wheel: Path, tmp_path: Path) -> None:
    site, work, mine = tmp_path / "site", tmp_path / "work", tmp_path / "mine"
    zipfile.ZipFile(wheel).extractall(site)
    work.mkdir()
    (mine / "experiment").mkdir(parents=True)
    own = "# @package _global_\ndefaults:\n  - override /model/generator: unet_128\nseed: 77\n"
    (mine / "experiment" / "own.yaml").write_text(own)
    code = "import gan_zoo.cli, sys; assert gan_zoo.__file__.startswith(sys.argv.pop(1)); sys.exit(gan_zoo.cli.main())"
    arguments = [str(site), "train", "--config-dir", str(mine), "experiment=own", "debug=tiny"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert list(work.glob("outputs/*/checkpoints/last.ckpt"))
    (config,) = work.glob("outputs/*/.hydra/config.yaml")
    assert yaml.safe_load(config.read_text())["seed"] == 77


def test_notebooks_are_stored_without_outputs() -> None:
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert paths
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                assert not cell.outputs, path.name
                assert cell.execution_count is None, path.name


def test_nothing_tracked_names_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert listed
    own_paths = re.compile(r"(?<![\w.])/(root|home/\w+|work)/\w|extra-index-url|https?://\S*/simple\b")
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".yaml", ".toml", ".txt", ".ipynb", ".json", ""} and path.is_file():
            for number, line in enumerate(path.read_text().splitlines(), 1):
                assert path == Path(__file__) or not own_paths.search(line), f"{name}:{number} {line[:120]}"


def test_nothing_is_skipped_or_left_for_later() -> None:
    skipping = re.compile(r"pytest\.(skip|importorskip|xfail)\b|mark\.(skip|skipif|xfail)\b|unittest\.skip")
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    sources = [
        path
        for folder in ("src", "tests", "conf")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml"}
    ]
    assert len(sources) > 50
    for path in sources:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = skipping.search(line) or later.search(line)
            assert path == Path(__file__) or not found, f"{path.relative_to(ROOT)}:{number} {line.strip()}"
