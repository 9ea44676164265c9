"""Every published row of conf/experiment trains: found by their files, so that nobody edits this for a new paper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.cli.compose import Composer, conf_dir, forget
from gan_zoo.cli.fill import LABELS, UNPAIRED, header, kind_of_data
from gan_zoo.training.checkpoint_io import read

FOLDER = conf_dir() / "experiment"
EXPERIMENTS = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.yaml"))


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    yield Composer("train")
    forget()


@pytest.fixture(scope="module")
def recipes(composer: Composer) -> dict[str, DictConfig]:
    """Every experiment, composed once."""
    return {name: composer.compose([f"experiment={name}"]) for name in EXPERIMENTS}


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GAN_ZOO_TRACEBACK", raising=False)


def draw(path: Path, width: int, height: int, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height)).save(path)


def draw_labels(root: Path, split: str, name: str, seed: int) -> None:
    """A label map of 35 ids in blocks, 128x64 px, with instances, features and a photo."""
    ids = np.random.default_rng(seed).integers(0, 35, (4, 8), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    for part, content in (("label", ids), ("inst", ids.astype(np.uint16) * 1000)):
        (root / f"{split}_{part}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).save(root / f"{split}_{part}" / name)
    draw(root / f"{split}_img" / name, 128, 64, seed)
    draw(root / f"{split}_feat" / name, 128, 64, seed + 1)


def data_for(cfg: DictConfig, root: Path) -> None:
    """A few pictures in the layout that the experiment reads: four of each domain, glued pairs, or label maps."""
    for number in range(4):
        for split, first in (("train", 0), ("test", 100)):
            if kind_of_data(cfg) == LABELS:
                draw_labels(root, split, f"{number}.png", first + number)
            elif kind_of_data(cfg) == UNPAIRED:
                draw(root / f"{split}A" / f"{number}.png", 48, 40, first + number)
                draw(root / f"{split}B" / f"{number}.png", 40, 48, first + number + 50)
            else:
                draw(root / split / f"{number}.png", 80, 40, first + number)


def test_there_are_rows_of_every_paper() -> None:
    papers = {"pix2pix", "cyclegan", "munit", "unit", "sa_munit", "ugatit", "demo", "progan", "stylegan"}
    assert {name.partition("/")[0] for name in EXPERIMENTS} >= papers


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_it_trains(name: str, recipes: dict[str, DictConfig], tmp_path: Path) -> None:
    cfg = recipes[name]
    root = [] if "world" in cfg.data else [f"data.root={tmp_path / 'pictures'}"]  # worlds are drawn
    data_for(cfg, tmp_path / "pictures")
    small = ["debug=tiny", "trainer.max_steps=1", "callbacks.grids.n_samples=1"]
    if "lambda_vgg" in cfg.model:  # its network is half a gigabyte, which no test downloads
        small.append("model.lambda_vgg=0.0")
    if kind_of_data(cfg) == LABELS and root:  # up to 2048 px wide
        small.append("data.load_size=128")
    words = [f"experiment={name}", *small, *root]
    assert main(["train", *words, "hydra.run.dir=run"]) == 0
    for folder in [f"{number}-{stage}" for number, stage in enumerate(cfg.stages or {}, start=1)] or ["."]:
        checkpoint = read(tmp_path / "run" / folder / "checkpoints" / "last.ckpt")
        assert checkpoint["global_step"] == 1
        assert checkpoint["gan_zoo"]["images_seen"] == cfg.data.batch_size
        assert (tmp_path / "run" / folder / "gallery.html").stat().st_size > 1000


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if "/" in name])
def test_its_header_says_what_it_reproduces(name: str, composer: Composer, recipes: dict[str, DictConfig]) -> None:
    group, _, option = f"experiment/{name}".rpartition("/")
    about = header(composer, group, option)
    assert set(about) >= {"model", "row", "published", "command", "hardware", "hours", "ours"}
    assert about["command"].startswith(f"python train.py experiment={name}")
    assert about["model"] in composer.options("model")
    target = recipes[name].model._target_
    assert target.rpartition(".")[2].lower() == about["model"].replace("_", "")


def test_the_munit_papers_baseline(recipes: dict[str, DictConfig]) -> None:
    """CycleGAN*: U-Nets with dropout in training and in testing, and noise beside each input picture."""
    model = recipes["munit/cyclegan_star_edges2shoes"].model
    assert model.generator._target_.endswith("UNet")
    assert (model.generator.dropout, model.test_time_noise, model.nz) == (True, True, 8)


def test_ugatits_rows_differ_in_data_alone_and_light_ones_in_the_style_head(recipes: dict[str, DictConfig]) -> None:
    """Five data sets, each with both heads; of the data, too, only what they are."""
    sets = {name.removesuffix("_light") for name in recipes if name.startswith("ugatit/")}
    assert {name.partition("/")[2] for name in sets} == {
        *("selfie2anime", "horse2zebra", "cat2dog", "photo2portrait", "photo2vangogh")
    }
    plain = {}
    for name in sorted(sets):
        for light in (False, True):
            cfg: Any = OmegaConf.to_container(recipes[name + "_light" * light])
            assert cfg["model"]["generator"].pop("light") is light
            for key in ("name", "root", "direction"):
                cfg["data"].pop(key)
            del cfg["hydra"]  # what was typed
            plain[name, light] = cfg
    first, *others = plain.values()
    assert len(others) == 9
    assert all(other == first for other in others)
