"""Run folders: readable, never overwritten, found again for resuming."""

import shutil
import tempfile
from itertools import count
from pathlib import Path

from omegaconf import DictConfig

from gan_zoo.errors import UserError
from gan_zoo.launch import is_first_rank, is_own_child

LAST = Path("checkpoints") / "last.ckpt"


def claim(folder: Path) -> Path:
    """Make ``folder``, or the first of ``folder-2``, ``folder-3``… that nobody has made, however many try at once."""
    for number in count(1):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        return candidate.resolve()
    raise AssertionError("count() does not end")


def run_folder(cfg: DictConfig, typed: bool) -> Path:
    """The folder for a run: a new one, the typed one, or that of the run to resume.

    Raises:
        UserError: the typed folder holds a run, which is not to be resumed; there is nothing to resume.
    """
    folder = Path(cfg.hydra.run.dir)
    if is_own_child():
        return folder
    if not is_first_rank():
        return Path(tempfile.mkdtemp(prefix="gan_zoo-rank-"))  # only the first rank of a cluster's job writes
    if typed:
        return _typed_folder(folder, resuming=wants_last(cfg) or cfg.get("ckpt_path") is not None)
    if wants_last(cfg):
        return _last_run(folder, strict=cfg.get("ckpt_path") == "last") or claim(folder)
    return claim(folder)


def wants_last(cfg: DictConfig) -> bool:
    """Whether the run goes on with the last checkpoint: ``ckpt_path=last`` or ``resume=true``."""
    return cfg.get("ckpt_path") == "last" or (cfg.get("ckpt_path") is None and bool(cfg.get("resume")))


def checkpoint_to_resume(cfg: DictConfig, folder: Path) -> Path | None:
    """The checkpoint that ``ckpt_path`` and ``resume`` mean, for a run in ``folder``.

    Raises:
        UserError: there is no such file.
    """
    if wants_last(cfg):
        if (last := folder / LAST).is_file():
            return last
        if cfg.get("resume"):
            return None
        raise UserError(f"{folder} holds no {LAST} to resume: resume=true starts anew where there is none")
    if cfg.get("ckpt_path") is None:
        return None
    if not (path := Path(cfg.ckpt_path)).is_file():
        raise UserError(f"ckpt_path={path}: no such file; ckpt_path=last takes the last checkpoint of the last run")
    return path


def check_sweeper(cfg: DictConfig) -> None:
    """A sweep that searches needs something to search by.

    Raises:
        UserError: Optuna without ``optimized_metric``.
    """
    if "optuna" in str(cfg.hydra.sweeper.get("_target_", "")).lower() and not cfg.get("optimized_metric"):
        raise UserError("a search needs optimized_metric=…, for example val/l1 (pix2pix) or val/cycle_a (CycleGAN)")


def drop_if_unused(folder: Path) -> None:
    """Remove the folder of a run that failed before it wrote anything of its own."""
    if not is_first_rank() or not folder.is_dir():
        return
    if all(path.is_dir() or _says_nothing(path) for path in folder.rglob("*")):
        shutil.rmtree(folder, ignore_errors=True)


def _says_nothing(file: Path) -> bool:
    """Whether a file only repeats the command and its configuration."""
    return (
        file.parent.name == ".hydra" or file.suffix == ".log" or file.name == "hparams.yaml" or not file.stat().st_size
    )


def _typed_folder(folder: Path, resuming: bool) -> Path:
    if not resuming and folder.is_dir() and any((folder / name).exists() for name in (".hydra", "checkpoints")):
        raise UserError(
            f"{folder} holds a run already: add resume=true to go on with it, or type another hydra.run.dir"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _last_run(folder: Path, strict: bool) -> Path | None:
    """The newest run beside ``folder`` with the same model and data, named ``<model>-<data>-<date>-<time>``."""
    stem = "-".join(folder.name.split("-")[:-6])
    runs = [path for path in folder.parent.glob(f"{stem}-*/{LAST}") if _same(path.parents[1].name, stem)]
    if runs:
        return max(runs, key=lambda path: path.stat().st_mtime).parents[1].resolve()
    if strict:
        raise UserError(f"ckpt_path=last: no run {stem}-… in {folder.parent} has a checkpoint; resume=true starts anew")
    return None


def _same(name: str, stem: str) -> bool:
    """Whether only date, time and a number follow the stem, so that ``pix2pix-maps`` is not ``pix2pix-maps-mine``."""
    return name.startswith(f"{stem}-") and all(part.isdigit() for part in name[len(stem) + 1 :].split("-"))
