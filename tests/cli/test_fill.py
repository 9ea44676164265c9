from collections.abc import Iterator

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from gan_zoo.cli.compose import Composer, forget
from gan_zoo.cli.fill import fill, header, kind_of_data
from gan_zoo.cli.runs import build_model
from gan_zoo.errors import UserError
from gan_zoo.training.config import build

from .conftest import ROOT

SMALL_PARTS = [
    *("model/generator=latent_unet_128", "model/encoder=resnet_128", "model/discriminator=patchgan_multi_128")
]


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    yield Composer("train")
    forget()


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        ([], ["experiment=demo"]),
        (["trainer.max_steps=3"], ["experiment=demo"]),
        (["debug=tiny"], ["experiment=demo"]),
        (["model=pix2pix"], ["data=repair_cc0", "model/generator=unet_128"]),
        (["model=cyclegan"], ["data=tshirt2longsleeve_cc0"]),
        (["data=maps"], []),
        (["data=horse2zebra"], ["model=cyclegan"]),
        (["model=pix2pix", "data=maps"], []),
        (["data=labelmaps"], ["model=pix2pixhd"]),
        (["model=pix2pixhd", "data=cityscapes"], []),
        (["model=pix2pixhd", "data=maps"], ["model.labels=0", "model.instances=false"]),
        (["model=pix2pixhd", "data=maps", "model.labels=0", "model.instances=false"], []),
        (["data=labelmaps", "model.lambda_vgg=0"], ["model=pix2pixhd"]),
        (["data=horse2zebra", "model.lambda_cycle=5"], ["model=cyclegan"]),
        (["model=pix2pix", "data=edges2shoes_cc0"], ["model/generator=unet_128"]),
        (["model=pix2pix", "data=edges2shoes_cc0", "model.generator.n_downs=5"], []),
        (["model=pix2pix", "data=edges2shoes_cc0", "model/generator=resnet_6"], []),
        (["model=cyclegan", "data=maps"], ["data.dataset._target_=gan_zoo.data.datasets.Unpaired"]),
        (["experiment=pix2pix/facades"], []),
        (["model=cyclegan", "data=world_textures"], []),
        (["data=world_faces"], ["model=cyclegan"]),
        (["data=world_layouts_labels"], ["model=pix2pixhd"]),
        (["model=pix2pix", "data=world_layouts"], ["model/generator=unet_128"]),
        (["model=pix2pix", "data=world_layouts", "data.crop_size=256"], []),
        (["model=pix2pix", "data=edges2shoes_cc0", "debug=tiny"], ["model/generator=unet_128"]),
        (["model=bicyclegan", "data=maps"], ["data.batch_size=2"]),
        (["model=bicyclegan", "data=maps", "data.batch_size=4"], []),
        (["model=bicyclegan", "data=edges2shoes_cc0"], ["data.batch_size=2", *SMALL_PARTS]),
        (
            ["model=bicyclegan", "data=edges2shoes_cc0", "data.batch_size=2", "model/encoder=conv_128"],
            [part for part in SMALL_PARTS if "encoder" not in part],
        ),
    ],
)
def test_what_is_filled_in(composer: Composer, typed: list[str], added: list[str]) -> None:
    filled = fill(composer, typed)
    assert filled.overrides == [*typed, *added]
    assert composer.compose(filled.overrides)


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        (["model=pix2pix", "data=edges2shoes_cc0", "model.lambda_l1=10,100"], ["model/generator=unet_128"]),
        (["model=pix2pix", "model.optimizer.lr=interval(0.1,1)"], ["data=repair_cc0", "model/generator=unet_128"]),
        (
            ["model=pix2pix", "data=edges2shoes_cc0", "model/discriminator=patchgan,pixelgan"],
            ["model/generator=unet_128"],
        ),
        (["data=horse2zebra", "seed=1,2"], ["model=cyclegan"]),
        (["model=cyclegan", "data=maps", "seed=1,2"], ["data.dataset._target_=gan_zoo.data.datasets.Unpaired"]),
        (["model=pix2pix,cyclegan", "data=edges2shoes_cc0"], []),
        (["model=pix2pix", "data=maps,edges2shoes_cc0"], []),
        (["model=pix2pix", "data=edges2shoes_cc0", "data.crop_size=128,256"], []),
        (["model=pix2pix", "data=edges2shoes_cc0", "model/generator=unet_128,resnet_6"], []),
    ],
)
def test_a_sweep_is_filled_in_where_it_does_not_decide(composer: Composer, typed: list[str], added: list[str]) -> None:
    filled = fill(composer, typed)
    assert filled.overrides == [*typed, *added]
    assert composer.compose(filled.overrides, multirun=True)


SHORTER = "data.preprocess._target_=gan_zoo.data.transforms_shorter.ScaleShorterAndCrop"
BILINEAR = "data.preprocess._target_=gan_zoo.data.transforms_bilinear.ResizeAndCropBilinear"
LONG = ["trainer.max_epochs=-1", "trainer.max_steps=1000000"]


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        (["model=munit"], ["data=tshirt2longsleeve_cc0", SHORTER, "data.load_size=128", *LONG]),
        (["model=unit", "data=cat2dog"], [SHORTER, "data.load_size=256", *LONG]),
        (["model=sa_munit", "data=cat2dog", "data.load_size=300"], [SHORTER, *LONG]),
        (
            ["model=munit", "data=edges2shoes_cc0", "trainer.max_steps=5"],
            ["data.dataset._target_=gan_zoo.data.datasets.Unpaired", SHORTER, "data.load_size=128", LONG[0]],
        ),
        (["model=munit", "data=cat2dog", "data.preprocess._target_=gan_zoo.data.transforms.Crop"], LONG),
        (["model=munit", "data=cat2dog", "debug=tiny"], [SHORTER, "data.load_size=256"]),
        (
            ["model=munit", "data=cat2dog", "trainer.devices=8", "data.batch_size=2"],
            [SHORTER, "data.load_size=256", "trainer.max_epochs=-1", "trainer.max_steps=62500"],
        ),
        (["model=sa_munit", "data=cat2dog", "model.attention=none,all"], [SHORTER, "data.load_size=256", *LONG]),
        (
            ["model=ugatit", "data=selfie2anime", "trainer.devices=8"],
            [BILINEAR, "data.load_size=286", "trainer.max_epochs=-1", "trainer.max_steps=125000"],
        ),
        (["model=ugatit", "data=cat2dog", "data.crop_size=128"], [BILINEAR, "data.load_size=158", *LONG]),
        (
            ["model=ugatit", "data=cat2dog", "model.norm=adalin,in,ln,adain,gn", "model.cam=both,none"],
            [BILINEAR, "data.load_size=286", *LONG],
        ),
    ],
)
def test_a_paper_with_preprocessing_and_a_length_of_its_own(
    composer: Composer, typed: list[str], added: list[str]
) -> None:
    filled = fill(composer, typed)
    assert filled.overrides == [*typed, *added]
    assert composer.compose(filled.overrides, multirun=True)


TICK = "callbacks.tick.every_n_images=100000"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["model=progan", "data=images"], ["trainer.max_epochs=1", TICK]),
        (["data=ffhq"], ["model=stylegan", "trainer.max_epochs=1", TICK]),
        (["model=stylegan", "data=images", "trainer.max_steps=5"], ["trainer.max_epochs=-1", TICK]),
        (["model=stylegan", "data=images", "trainer.max_epochs=1", "callbacks.tick.every_n_images=9"], []),
    ],
)
def test_models_that_grow(composer: Composer, typed: list[str], expected: list[str]) -> None:
    filled = fill(composer, typed)
    assert filled.overrides == [*typed, *expected]
    assert composer.compose(filled.overrides)


@pytest.mark.parametrize("typed", [["model=progan", "data=images"], ["experiment=stylegan/ffhq"], ["data=images"]])
def test_tiny_networks_that_grow(composer: Composer, typed: list[str]) -> None:
    filled = fill(composer, [*typed, "debug=tiny"])
    assert "debug=tiny" not in filled.overrides
    cfg = composer.compose(filled.overrides)
    assert (cfg.trainer.max_epochs, cfg.trainer.max_steps, cfg.model.generator.most) == (-1, 3, 4)
    assert "ngf" not in cfg.model.generator


def test_tiny_networks_of_a_sweep_over_configurations_that_grow(composer: Composer) -> None:
    swept = "experiment=stylegan/config_a,stylegan/config_b,stylegan/config_f"
    assert fill(composer, [swept, "debug=tiny"]).overrides == [swept, "debug=tiny_growing"]
    others = ["model=pix2pix,cyclegan", "data=repair_cc0", "debug=tiny"]
    assert fill(composer, others).overrides == others


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["model=stylegan"], "model=stylegan learns from a folder of pictures .*: add data=images data.root=DIR"),
        (["model=progan", "data=horse2zebra"], "model=progan does not learn from data=horse2zebra"),
        (["model=cyclegan", "data=images"], "model=cyclegan does not learn from data=images"),
        (["model=pix2pixhd", "data=images", "model.labels=0"], "model=pix2pixhd does not learn from data=images"),
    ],
)
def test_pictures_alone_need_their_model(composer: Composer, typed: list[str], line: str) -> None:
    with pytest.raises(UserError, match=line):
        fill(composer, typed)


@pytest.mark.parametrize("model", ["progan", "stylegan"])
def test_models_of_pictures_alone_get_a_world_s(composer: Composer, model: str) -> None:
    filled = fill(composer, [f"model={model}", "data=world_faces", "model.resolution=32", "data.world.train=100"])
    assert "data=world_faces" not in filled.overrides
    assert filled.notes[0] == f"filled in: data=world_faces_images ({model} learns from pictures alone)"
    cfg = composer.compose(filled.overrides)
    assert (cfg.data.name, cfg.data.resolution, cfg.data.world.train) == ("world_faces_images", 32, 100)
    assert fill(composer, ["model=ugatit", "data=world_faces"]).overrides[:2] == ["model=ugatit", "data=world_faces"]


@pytest.mark.parametrize(
    ("model", "schedule", "case", "devices"),
    [
        ("progan", "growth_progan_v1", "progan/schedule_v1_1gpu", 1),
        ("progan", "growth_progan", "progan/schedule_v2_8gpus", 8),
        ("stylegan", "growth_stylegan", "stylegan/schedule_ffhq1024_1gpu", 1),
        ("stylegan", "growth_stylegan", "stylegan/schedule_ffhq1024_8gpu", 8),
    ],
)
def test_schedules_are_the_official_tables(
    composer: Composer, model: str, schedule: str, case: str, devices: int
) -> None:
    cfg = composer.compose([f"model={model}", "data=images", f"model/schedule={schedule}"])
    made = build(OmegaConf.to_container(cfg.model.schedule, resolve=True))
    with np.load(ROOT / "tests" / "golden" / case / "tensors.npz") as arrays:
        for images, lod, side, batch, rate, *_ in arrays["table"].tolist():
            now = made.at(int(images), devices)
            assert (now.resolution, now.batch, now.rate) == (side, batch, pytest.approx(rate))
            assert now.lod == pytest.approx(lod)


# Of the official train.py and config.py, from 4 to 1024 px: batches, and ProGAN's rates in thousandths.
BATCHES = {
    1: (128, 128, 128, 64, 32, 16, 8, 4, 4),
    2: (256, 256, 128, 64, 32, 16, 8, 8, 8),
    4: (512, 256, 128, 64, 32, 16, 16, 16, 16),
    8: (512, 256, 128, 64, 32, 32, 32, 32, 32),
}
RATES = {
    1: (1, 1, 1, 1, 1, 1, 1, 1, 1.5),
    2: (1, 1, 1, 1, 1, 1, 1, 1.5, 2),
    4: (1, 1, 1, 1, 1, 1, 1.5, 2, 3),
    8: (1, 1, 1, 1, 1, 1.5, 2, 3, 3),
}


@pytest.mark.parametrize("devices", BATCHES)
def test_batches_and_rates_follow_the_number_of_devices(composer: Composer, devices: int) -> None:
    sides = [2**level for level in range(2, 11)]
    for name, thousandths in (("progan", RATES[devices]), ("stylegan", (1, 1, 1, 1, 1, 1.5, 2, 3, 3))):
        cfg = composer.compose([f"model={name}", "data=images", "model.schedule.start=4"])
        stages = build(OmegaConf.to_container(cfg.model.schedule, resolve=True)).stages(devices)
        assert [stage.resolution for stage in stages] == sides
        assert tuple(stage.batch for stage in stages) == BATCHES[devices]
        assert [stage.rate for stage in stages] == [pytest.approx(rate / 1000) for rate in thousandths]


@pytest.mark.parametrize("devices", [1, 8])
def test_the_papers_own_progan_has_one_rate(composer: Composer, devices: int) -> None:
    cfg = composer.compose(["experiment=progan/celebahq"])
    stages = build(OmegaConf.to_container(cfg.model.schedule, resolve=True)).stages(devices)
    assert {stage.rate for stage in stages} == {0.001}
    assert stages[-1].batch == {1: 3, 8: 0}[devices]  # which is refused when training begins


def test_a_batch_that_is_typed_holds_for_any_number_of_devices(composer: Composer) -> None:
    cfg = composer.compose(["model=stylegan", "data=images", "model.schedule.batches.64=24"])
    made = build(OmegaConf.to_container(cfg.model.schedule, resolve=True))
    assert [[made.stages(n)[3].batch, made.stages(n)[4].batch] for n in (1, 8)] == [[24, 16], [24, 32]]


@pytest.mark.parametrize("name", ["progan", "stylegan"])
def test_configurations_of_models_that_grow_are_the_constructors_defaults(composer: Composer, name: str) -> None:
    with torch.device("meta"):
        configured = build_model(composer.compose([f"model={name}", "data=images"]).model)
        bare = type(configured)()
    shapes = [{key: value.shape for key, value in model.state_dict().items()} for model in (configured, bare)]
    assert shapes[0] == shapes[1]
    ours, theirs = (model.description() for model in (configured, bare))
    for key in set(ours) - {"generator", "discriminator", "schedule"}:
        assert ours[key] == theirs[key], key
    assert configured.schedule.start == bare.schedule.start
    assert configured.discriminator.group == bare.discriminator.group
    assert configured.discriminator.soften == bare.discriminator.soften or name == "progan"


@pytest.mark.parametrize("name", ["unit", "munit", "sa_munit", "ugatit"])
def test_the_configurations_are_the_constructors_defaults(composer: Composer, name: str) -> None:
    with torch.device("meta"):
        run = ["trainer.max_steps=1000000"]
        configured = build_model(composer.compose([f"model={name}", "data=cat2dog", *run]).model)
        bare = type(configured)()
    shapes = [{key: value.shape for key, value in model.state_dict().items()} for model in (configured, bare)]
    assert shapes[0] == shapes[1]
    told = [key for key in vars(bare) if key.startswith("lambda_")]
    assert len(told) >= 4
    for key in (*told, "share_passes", "schedule", "adversarial", "channels"):
        assert getattr(configured, key) == getattr(bare, key), key
    rates = [
        [(one.defaults["lr"], tuple(one.defaults["betas"]), one.defaults["weight_decay"]) for one in optimizers]
        for optimizers in (configured.configure_optimizers(), bare.configure_optimizers())
    ]
    assert rates[0] == rates[1]


def test_the_full_head_of_ugatit_is_made_for_the_crop_and_the_light_one_for_any(composer: Composer) -> None:
    words = ["model=ugatit", "data=cat2dog", "data.crop_size=128"]
    with torch.device("meta"):
        full = build_model(composer.compose(words).model)
        light = build_model(composer.compose([*words, "model.generator.light=true"]).model)
    assert full.generator["ab"].style[0].weight.shape == (256, 256 * 32 * 32)
    assert light.generator["ba"].style[0].weight.shape == (256, 256)


@pytest.mark.parametrize("devices", [1, 4])
def test_ugatits_rate_falls_in_the_second_half_of_the_run(composer: Composer, devices: int) -> None:
    filled = fill(composer, ["model=ugatit", "data=selfie2anime", f"trainer.devices={devices}"])
    cfg = composer.compose(filled.overrides)
    assert cfg.model.schedule.n_iterations == cfg.trainer.max_steps == 1_000_000 // devices


def test_additions_are_announced(composer: Composer) -> None:
    notes = fill(composer, ["model=pix2pix", "data=edges2shoes_cc0"]).notes
    assert notes == ["filled in: model/generator=unet_128 (for pictures of 128 px)"]


def test_the_demo_is_pix2pix_on_the_embedded_photographs(composer: Composer) -> None:
    cfg = composer.compose(fill(composer, []).overrides)
    assert (cfg.data.name, cfg.data.crop_size, cfg.model._target_) == ("repair_cc0", 128, "gan_zoo.models.Pix2Pix")
    assert cfg.model.channels == {"a": 4, "b": 3}


def test_pix2pix_needs_pairs(composer: Composer) -> None:
    with pytest.raises(UserError, match="learns from pairs, and data=horse2zebra is unpaired: take model=cyclegan"):
        fill(composer, ["model=pix2pix", "data=horse2zebra"])


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["model=pix2pixhd"], "model=pix2pixhd learns from label maps, .*: add data=labelmaps data.root=DIR"),
        (["model=pix2pix", "data=labelmaps"], "model=pix2pix does not learn from data=labelmaps"),
        (["model=pix2pixhd", "data=horse2zebra", "model.labels=0"], "does not learn from data=horse2zebra"),
    ],
)
def test_label_maps_need_their_model(composer: Composer, typed: list[str], line: str) -> None:
    with pytest.raises(UserError, match=line):
        fill(composer, typed)


def test_a_plus_before_an_optional_group_is_forgiven(composer: Composer) -> None:
    assert fill(composer, ["+experiment=demo", "+ablation=l1"]).overrides == ["experiment=demo", "ablation=l1"]


def test_what_is_typed_for_a_stage_may_be_new_to_it(composer: Composer) -> None:
    typed = ["experiment=demo", "stages.a.seed=1", "+stages.b.seed=1", "+stage=a"]
    added = ["experiment=demo", "++stages.a.seed=1", "+stages.b.seed=1", "stage=a"]
    assert fill(composer, typed).overrides == added


def test_kinds(composer: Composer) -> None:
    names = ("maps", "horse2zebra", "colorize_cc0", "repair_cc0", "cityscapes model=pix2pixhd")
    kinds = [kind_of_data(composer.compose(f"data={name}".split())) for name in names]
    assert kinds == ["pairs", "unpaired", "colours", "holes", "label maps"]


def test_header(composer: Composer) -> None:
    assert header(composer, "model", "pix2pix")["data"] == "pairs"
    assert "Zhu" in header(composer, "model", "cyclegan")["paper"]
    assert header(composer, "model", "none") == {}


@pytest.mark.parametrize(
    "name", ["l1", "l2", "gan", "cgan", "l1_gan", "l1_cgan", "encoder_decoder", "patch_1", "patch_286"]
)
def test_the_ablations_are_one_sweep(composer: Composer, name: str) -> None:
    model = composer.compose(["model=pix2pix", "data=facades", f"ablation={name}"]).model
    expected = {
        "l1": (100, 0, 0, True),
        "l2": (0, 100, 0, True),
        "gan": (0, 0, 1, False),
        "cgan": (0, 0, 1, True),
        "l1_gan": (100, 0, 1, False),
    }.get(name, (100, 0, 1, True))
    assert (model.lambda_l1, model.lambda_l2, model.lambda_adv, model.conditional) == expected
    assert model.generator.skips is (name != "encoder_decoder")
