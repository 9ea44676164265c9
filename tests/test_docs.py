"""The documentation tells the truth: links lead somewhere, commands compose, logged names are the models' own."""

import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from lightning import Trainer
from omegaconf import DictConfig
from torch.utils.data import DataLoader

from gan_zoo.cli.compose import Composer, forget
from gan_zoo.cli.fill import header
from gan_zoo.errors import UserError
from gan_zoo.models import MUNIT, UGATIT, UNIT, BicycleGAN, CycleGAN, Pix2Pix, Pix2PixHD
from gan_zoo.models.progan import ProGAN
from gan_zoo.models.stylegan import StyleGAN
from gan_zoo.networks import progan, stylegan
from gan_zoo.networks.latent_encoder import ConvEncoder
from gan_zoo.networks.latent_unet import LatentUNet
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import AutoEncoder, StridedPatch, StyleAutoEncoder
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.pix2pixhd import GlobalGenerator
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.ugatit import Discriminator, Generator
from gan_zoo.networks.unet import UNet
from gan_zoo.networks.vgg import VGG
from gan_zoo.training.growth import Growth
from gan_zoo.training.module import GANModule

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LOSSES = (ROOT / "docs" / "losses.md").read_text()

unet = partial(UNet, n_downs=4, ngf=2)
resnet = partial(ResNet, n_blocks=1, ngf=2)
patchgan = partial(PatchGAN, n_layers=1, ndf=2)
latent_unet = partial(LatentUNet, n_downs=4, ngf=2)
encoder = partial(ConvEncoder, n_layers=2, nef=2)
multiscale = partial(MultiScale, ndf=2, each=partial(PatchGAN, n_layers=1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


PAIR = {"a": torch.zeros(1, 3, 32, 32), "b": torch.zeros(1, 3, 32, 32)}
ALONE = {"image": torch.zeros(1, 3, 8, 8), "class": torch.zeros(1, dtype=torch.int64)}


def logged(model: GANModule, folder: Path, batch: dict[str, torch.Tensor] = PAIR) -> set[str]:
    """Every name that one iteration, one validation and one test of a model log."""
    batch = {key: torch.rand_like(image) if image.ndim == 4 else image for key, image in batch.items()}
    loader = DataLoader([{key: image[0] for key, image in batch.items()}] * 2, batch_size=2)
    options = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(max_steps=1, logger=False, enable_checkpointing=False, default_root_dir=folder, **options)
    trainer.fit(model, loader, loader)
    return {name for name in {**model.terms, **trainer.callback_metrics} if name != "images_seen"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    parts = {"generator": unet, "discriminator": patchgan, "lambda_gp": 1.0}
    folder = tmp_path_factory.mktemp("logged")
    pix2pix = logged(Pix2Pix(**parts, lambda_l2=1.0), folder)
    cyclegan = logged(CycleGAN(**parts | {"generator": resnet}), folder)
    parts = {"generator": latent_unet, "encoder": encoder, "discriminator": multiscale}
    hd = Pix2PixHD(partial(GlobalGenerator, n_downs=1, n_blocks=1, ngf=2), multiscale, labels=0, instances=False)
    shapes = {key: value.shape for key, value in hd.vgg.published.network().state_dict().items()}
    hd.vgg.fill({key: torch.zeros(shape) for key, shape in shapes.items()})
    found = pix2pix | cyclegan | logged(hd, folder) | logged(BicycleGAN(**parts), folder)
    judge = partial(MultiScale, n_scales=1, ndf=2, each=StridedPatch)
    for kind, generator in ((UNIT, AutoEncoder), (MUNIT, StyleAutoEncoder)):
        model = kind(partial(generator, ngf=2), judge, lambda_cycle=1.0, lambda_vgg=1.0)
        model.perceptual.network = VGG(((2,),), taps=(0,))
        found |= logged(model, folder)
    judge = partial(Discriminator, ndf=1)
    light = partial(Generator, ngf=1, n_blocks=1, light=True)
    found |= logged(UGATIT(light, judge, scopes={"global": 5, "local": 3}), folder)
    small, grown = partial(progan.Discriminator, most=2), {"resolution": 8, "schedule": Growth(8, start=8)}
    found |= logged(ProGAN(partial(progan.Generator, most=2), small, labels=2, **grown), folder, ALONE)
    return found | logged(StyleGAN(partial(stylegan.Generator, most=2), small, **grown), folder, ALONE)


def test_every_logged_name_is_explained(names: set[str]) -> None:
    explained = set(re.findall(r"`([a-z]+/[a-z0-9_]+)`", LOSSES))
    unexplained = {name for name in names if not name.startswith("lr/")} - explained
    assert not unexplained


def test_every_explained_name_is_logged(names: set[str]) -> None:
    explained = set(re.findall(r"`((?:generator|discriminator|val)/[a-z0-9_]+)`", LOSSES))
    assert len(explained) > 20
    assert not explained - names


def commands() -> list[tuple[str, str]]:
    """All training commands that the pages show, as (page, arguments)."""
    found = []
    for page in PAGES:
        text = re.sub(r"\\\n\s*", "", page.read_text())
        for line in re.findall(r"^\s*(?:\$ )?((?:python train\.py|gan-zoo train)\b.*)$", text, re.MULTILINE):
            found.append((page.name, line.split(" #")[0].strip()))
    return found


def overrides() -> list[tuple[str, str]]:
    """All `key=value` written inline, outside of commands, in the documentation."""
    keys = r"(?:model|data|trainer|callbacks|logger|experiment)(?:[./@][\w./@]+)?=[^`\s…]+"
    return [
        (page.name, item)
        for page in PAGES
        for code in re.findall(r"`([^`\n]+)`", page.read_text())
        for item in re.findall(keys, code)
    ]


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    yield Composer("train")
    forget()


def test_commands_name_options_that_exist(composer: Composer) -> None:
    found = commands()
    assert len(found) > 5
    for page, command in found:
        words = [word for word in shlex.split(command)[2:] if "=" in word and "…" not in word and "," not in word]
        try:
            composer.compose(words)
        except UserError as error:
            pytest.fail(f"{page}: {command}: {error}")


def keys(config: DictConfig, before: str = "") -> Iterator[str]:
    """Every key of a configuration, inner ones with those around them."""
    for key in config:
        yield f"{before}{key}"
        inner = config._get_node(key)
        if isinstance(inner, DictConfig) and not inner._is_none() and not inner._is_missing():
            yield from keys(inner, f"{before}{key}.")


def test_options_in_the_text_exist(composer: Composer) -> None:
    """Keys are those of some model on data that it takes; groups have the options that are named."""
    found = overrides()
    assert len(found) > 20
    data = {"pairs": "paired", "unpaired": "unpaired", "label maps": "labelmaps", "pictures": "images"}
    models = {name: data[header(composer, "model", name)["data"]] for name in composer.options("model")}
    homes = [
        [],
        ["data=repair_cc0"],
        ["data=world_faces"],
        *([f"model={name}", f"data={kind}"] for name, kind in models.items()),
    ]
    known = {key for home in homes for key in keys(composer.compose(home))}
    groups = set(composer.groups())
    for page, option in found:
        name, _, value = option.partition("=")
        group = name.partition("@")[0]
        missing = [word for word in value.split(",") if group not in groups or not offered(composer, group, word)]
        assert not missing or name in known or name.rpartition(".")[0] in known, f"{page}: {option}"


def offered(composer: Composer, group: str, option: str) -> bool:
    """Whether a group has this option, perhaps in a folder of it."""
    folder, _, name = f"{group}/{option}".rpartition("/")
    return name in composer.options(folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_figure_is_missing(page: Path) -> None:
    assert not re.search(r"\b(FILL|TBD|XX+)\b", page.read_text())
