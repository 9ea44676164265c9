"""Every named data set: its facts, its place, and the line that says how to get it."""

from pathlib import Path

import pytest

from gan_zoo.data import registry
from gan_zoo.data.datasets import Kind, LabelMaps, Pictures
from gan_zoo.data.labelmap_module import LabelMapModule
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.errors import UserError

CONF = Path(__file__).parents[2] / "conf" / "data"
MODULES: dict[type[Kind], type] = {LabelMaps: LabelMapModule, Pictures: PictureModule}


def test_lines_say_licence_counts_and_size() -> None:
    names = [entry.name for entry in registry.entries()]
    assert names == [
        *("colorize_cc0", "repair_cc0", "edges2shoes_cc0", "tshirt2longsleeve_cc0"),
        *("world_layouts", "world_layouts_styles", "world_layouts_labels"),
        *("world_textures", "world_faces", "world_faces_images"),
        *("facades", "maps", "horse2zebra", "cat2dog", "selfie2anime", "cityscapes"),
        *("ffhq", "celebahq", "lsun"),
    ]
    for entry in registry.entries():
        line = entry.line()
        assert "\n" not in line
        assert "licence:" in line
        assert ("in the package" in line) == (entry.embedded is not None)
        assert ("drawn at any size, no files" in line) == (entry.world is not None)
        ways = [bool(entry.url), bool(entry.by_hand), entry.embedded is not None, entry.world is not None]
        assert ways.count(True) == 1
    assert "paired; train 1096, val 1098; 250 MB" in registry.entry("maps").line()


def test_every_data_set_has_a_config_of_its_kind() -> None:
    from hydra import compose, initialize_config_dir
    from hydra.utils import get_class, instantiate

    with initialize_config_dir(str(CONF), version_base="1.3"):
        for entry in registry.entries():
            config = compose(entry.name)
            assert config.name == entry.name
            target = config.dataset._target_ if "dataset" in config else config._target_
            made = get_class(target)
            if entry.world is not None:
                assert instantiate(config.world) == entry.world
            assert made is type(entry.dataset) or made is MODULES.get(type(entry.dataset))


def test_checksums_are_lists_of_the_counted_files() -> None:
    for name in ("maps", "horse2zebra"):
        entry = registry.entry(name)
        assert entry.checksums is not None
        lines = entry.checksums.read_text().splitlines()
        found = {folder: sum(f"  {name}/{folder}/" in line for line in lines) for folder in entry.counts}
        assert found == dict(entry.counts)
    assert registry.entry("facades").checksums is None


def test_embedded_sets_lie_in_the_package_and_are_small() -> None:
    for entry in registry.entries():
        if entry.embedded == entry.name != "colorize_cc0":
            folder = registry.locate(entry.name)
            assert {name: len(list((folder / name).glob("*.jpg"))) for name in entry.counts} == dict(entry.counts)
            assert "CC0 1.0" in (folder / "LICENSE.md").read_text()
    assert sum(path.stat().st_size for path in registry.EMBEDDED.rglob("*.*")) <= 3_000_000


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GAN_ZOO_DATA", raising=False)
    assert registry.home() == Path("datasets")
    with pytest.raises(UserError, match=r"maps is not at datasets/maps: `gan-zoo data download maps`, or data\.root="):
        registry.locate("maps")
    with pytest.raises(UserError, match=r"mine is not at datasets/mine: data\.root=FOLDER that holds the images"):
        registry.locate("mine")
    with pytest.raises(
        UserError, match=r"cityscapes is not at .*: register at https://www\.cityscapes.*, and data\.root"
    ):
        registry.locate("cityscapes")
    with pytest.raises(UserError, match="world_faces is drawn as it is asked for: it has no folder"):
        registry.locate("world_faces")
    monkeypatch.setenv("GAN_ZOO_DATA", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere" / "maps").mkdir(parents=True)
    assert registry.locate("maps") == tmp_path / "elsewhere" / "maps"
    assert registry.locate("maps", "here") == Path("here")


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(UserError, match=r"no data set is called 'facade' \(did you mean facades\?\)"):
        registry.entry("facade")
    assert registry.known("facade") is None
