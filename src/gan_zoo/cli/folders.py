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
    staged = bool(cfg.get("stages"))
    if not is_first_rank():  # only the first rank of a cluster's job writes; the others read where it goes on
        found = folder.resolve() if typed else _last_run(folder, staged) if wants_last(cfg) else None
        return found or Path(tempfile.mkdtemp(prefix="gan_zoo-rank-"))
    if typed:
        return _typed_folder(folder, resuming=wants_last(cfg) or cfg.get("ckpt_path") is not None)
    if not wants_last(cfg):
        return claim(folder)
    found = _last_run(folder, staged)
    if found is None and cfg.get("ckpt_path") == "last":
        what = f"no run {_stem(folder)}-… in {folder.parent} has a checkpoint"
        raise UserError(f"ckpt_path=last: {what}; resume=true starts anew")
    return found or claim(folder)


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


def _last_run(folder: Path, staged: bool) -> Path | None:
    """The newest run beside ``folder`` with the same model and data, named ``<model>-<data>-<date>-<time>``.

    The checkpoints of one in stages lie a folder deeper.
    """
    stem, below = _stem(folder), "[0-9]*-*/" if staged else ""
    runs = [(path, path.parents[2 if below else 1]) for path in folder.parent.glob(f"{stem}-*/{below}{LAST}")]
    runs = [(path, run) for path, run in runs if _same(run.name, stem)]
    return max(runs, key=lambda found: found[0].stat().st_mtime)[1].resolve() if runs else None


def _stem(folder: Path) -> str:
    """Model and data, of a folder that was named by them and the time."""
    return "-".join(folder.name.split("-")[:-6])


def _same(name: str, stem: str) -> bool:
    """Whether only date, time and a number follow the stem, so that ``pix2pix-maps`` is not ``pix2pix-maps-mine``."""
    return name.startswith(f"{stem}-") and all(part.isdigit() for part in name[len(stem) + 1 :].split("-"))
