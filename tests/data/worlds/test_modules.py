"""Worlds in the data modules: batches, disjoint training, resuming, growing, truth."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from tests.data.test_growing import Steps
from tests.data.test_picture_module import Grower, Schedule
from tests.data.world import SaveAlways, Witness, trainer

from gan_zoo.data import views
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Unpaired
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.data.sampler import StreamSampler
from gan_zoo.data.transforms import KeepSize
from gan_zoo.data.worlds import Faces, Layouts, Textures
from gan_zoo.errors import UserError

CONF = Path(__file__).parents[3] / "conf"
NAMES = (
    *("world_layouts", "world_layouts_styles", "world_layouts_labels"),
    *("world_textures", "world_faces", "world_faces_images"),
)


def configured(name: str, *typed: str) -> Any:
    """The data module of a configuration."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", [f"data={name}", "data.num_workers=0", *typed])
    return instantiate(cfg.data)


def module(world: Any = None, **options: Any) -> ImageDataModule:
    world = world or Textures(train=6, val=2, test=3)
    options = {"load_size": 16, "crop_size": 16, "flip": False, "num_workers": 0, "seed": 3, "cache_mb": 0, **options}
    return ImageDataModule(
        "mine", None, options.pop("dataset", Unpaired()), preprocess=KeepSize, world=world, **options
    )


@pytest.mark.parametrize("name", NAMES)
def test_configurations_make_batches(name: str) -> None:
    data = configured(name, "data.world.train=8", "data.batch_size=4")
    size = data.mode.crop_size
    batch = next(iter(data.train_dataloader()))
    shapes = {key: (tuple(value.shape), value.dtype) for key, value in batch.items()}
    colours, ids = ((4, 3, size, size), torch.float32), ((4, 1, size, size), torch.int64)
    if name == "world_faces_images":
        assert shapes == {"image": colours}
    elif name == "world_layouts_labels":
        assert shapes == {"label": ids, "instance": ids, "image": colours}
        assert data.view.names["road"] == 5
    else:
        assert shapes == {"a": colours, "b": colours}
    assert {key for key, value in batch.items() if value.is_floating_point() and value.abs().max() > 1} == set()
    assert views.from_config(data.view.config()).config() == data.view.config()
    assert data.describe().startswith(f"{name}: {data.world.words}, drawn: train 8")
    assert data.train_size == 8


def test_names_alone_find_their_worlds() -> None:
    assert isinstance(ImageDataModule("world_textures").world, Textures)
    assert ImageDataModule("world_layouts_styles").world == Layouts(styles=4)
    assert ImageDataModule("edges2shoes_cc0").world is None
    assert ImageDataModule("edges2shoes_cc0").truth("test") is None


def test_tensors_are_the_drawn_pictures() -> None:
    world = Textures(train=6, val=2, test=3)
    sample = module(world).images("test")[2]
    assert isinstance(sample, dict)
    assert torch.equal(sample["a"], torch.from_numpy(world.pixels("a", world.scene("test", 2), 16)))
    turned = module(world, direction="ba").images("test")[2]
    assert isinstance(turned, dict)
    assert torch.equal(turned["b"], sample["a"])


def test_unpaired_training_never_shows_a_scene_in_both_domains() -> None:
    data = module()
    images = data.images("train")
    seen = {name: {str(images.domains[name].source(position)[0]) for position in range(60)} for name in ("a", "b")}
    numbers = {name: {Path(path).name for path in paths} for name, paths in seen.items()}
    assert numbers == {"a": set("012345"), "b": {"6", "7", "8", "9", "10", "11"}}
    validated = data.images("val")
    for position in range(2):
        pair = [validated.domains[name].source(position).path.name for name in ("a", "b")]
        assert pair[0] == pair[1]


def test_runs_go_on_where_they_stopped(tmp_path: Path) -> None:
    whole, rest = Witness(), Witness()
    trainer(callbacks=[SaveAlways(tmp_path)]).fit(whole, module(batch_size=2))
    assert len({tuple(sums) for _, _, sums in whole.trained}) == 9
    trainer().fit(rest, module(batch_size=2), ckpt_path=tmp_path / "batch4.ckpt")
    assert rest.trained == whole.trained[4:]
    again = Witness()
    trainer().fit(again, module(batch_size=2, num_workers=1))
    assert again.trained == whole.trained


def test_ranks_share_the_batches_of_one_process() -> None:
    images = module().images("train")
    alone = StreamSampler(len(images), 4).positions(1)
    ranks = [StreamSampler(len(images), 2, 2, rank).positions(1) for rank in range(2)]
    assert sorted(ranks[0][:2] + ranks[1][:2]) == alone[:4]
    assert torch.equal(images[alone[0]]["a"], module().images("train")[ranks[0][0]]["a"])  # type: ignore[index]


def test_pictures_grow() -> None:
    """Each size is the means of the full one; the stream is that of the schedule."""
    data = PictureModule("mine", resolution=8, world=Faces(train=7), num_workers=0, flip=False, seed=3, cache_mb=1)
    model = Grower(Schedule())
    trainer(max_epochs=1).fit(model, data)
    assert [shape for shape, _ in model.seen] == [(8, 3, 4, 4)] * 4 + [(4, 3, 8, 8)] * 8
    assert Steps().resolution == 8
    full, small = PictureModule("mine", resolution=8, world=Faces(train=7), flip=False), Grower(Schedule())
    trainer(max_epochs=1).fit(small, full)
    assert small.seen[0][1] != model.seen[0][1]  # another seed, another order


def test_truth_is_about_the_split_at_hand() -> None:
    data = module(max_samples=2)
    truth = data.truth("test")
    assert truth is not None
    assert len(truth) == 2
    batch = next(iter(module(eval_batch_size=2).test_dataloader()))
    found = truth.score({"ab": batch["b"], "ba": batch["a"]}, range(2))
    assert found["truth_l1/ab"] == found["truth_l1/ba"] == 0
    turned = module(direction="ba").truth("test")
    assert turned is not None
    assert turned.score({"ab": batch["a"]}, range(2))["truth_l1/ab"] == 0


def test_mistakes() -> None:
    with pytest.raises(UserError, match=r"data\.root=somewhere: the pictures of mine are drawn; leave data\.root out"):
        ImageDataModule("mine", "somewhere", Unpaired(), world=Textures()).setup()
    with pytest.raises(
        UserError, match=r"data\.crop_size=30: test pictures would become 32x32; take data\.crop_size=32"
    ):
        module(crop_size=30).setup()
    with pytest.raises(UserError, match="world_textures has no pictures of kind instance"):
        configured(
            "world_layouts_labels", "data.world._target_=gan_zoo.data.worlds.Textures", "~data.world.styles"
        ).setup()
    with pytest.raises(UserError, match=r"data\.batch_size=9 is more than the 6 training images"):
        module(batch_size=9).train_dataloader()
