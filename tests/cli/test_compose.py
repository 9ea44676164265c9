from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from gan_zoo.cli.compose import Composer, conf_dir, dotted, forget, parse, quoted
from gan_zoo.errors import UserError


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    yield Composer("train")
    forget()


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("model=pix2pxi", "there is no model=pix2pxi (did you mean pix2pix or pix2pixhd?)"),
        ("data=horse2zebre", "there is no data=horse2zebre (did you mean horse2zebra?)"),
        ("model/generator=unet128", "there is no model/generator=unet128 (did you mean unet_128"),
        ("experiment=pix2pix/facade", "there is no experiment=pix2pix/facade"),
        ("modle=pix2pix", "there is no key modle (did you mean model"),
        ("model.lamda_l1=3", "there is no key model.lamda_l1 (did you mean model.lambda_l1"),
        ("trainer.max_step=3", "there is no key trainer.max_step (did you mean trainer.max_steps"),
        ("lambda_l1=3", "there is no key lambda_l1 (did you mean model.lambda_l1?)"),
        ("model.generator=unet_128", "choose one with model/generator=unet_128"),
        ("a b", "cannot read 'a b': write key=value"),
        ("model.lambda_l1=[1", "cannot read 'model.lambda_l1=[1'"),
    ],
)
def test_mistakes_are_one_line_with_the_nearest_names(composer: Composer, override: str, line: str) -> None:
    with pytest.raises(UserError) as caught:
        composer.compose([override])
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_nonexistent_experiment_names_those_of_its_folder(composer: Composer) -> None:
    with pytest.raises(UserError, match="pix2pix/facades"):
        composer.compose(["experiment=pix2pix/facade"])


def test_the_papers_recipe(composer: Composer) -> None:
    cfg = composer.compose(["model=pix2pix", "data=maps"])
    assert (cfg.model.generator.n_downs, cfg.data.crop_size, cfg.trainer.max_epochs) == (8, 256, 200)
    assert cfg.model.channels == {"a": 3, "b": 3}
    assert cfg.trainer.precision == "32-true"
    assert composer.compose(["trainer=gpu"]).trainer.precision == "bf16-mixed"


def test_every_part_of_a_model_can_be_chosen(composer: Composer) -> None:
    """Each model with the options of its parts in turn, so that every option of every part has been chosen once."""
    models, unchosen = (
        composer.options("model"),
        {group: set(composer.options(group)) for group in composer.groups("model")},
    )
    assert {"model/generator", "model/adversarial", "model/norm", "model/init"} <= set(unchosen)
    for model in models:
        parts = yaml.safe_load((conf_dir() / "model" / f"{model}.yaml").read_text())["defaults"]
        places = [f"model/{next(iter(part))}" for part in parts if isinstance(part, dict)]
        groups = {place: place.partition("@")[0] for place in places}
        while left := {place: min(unchosen[group]) for place, group in groups.items() if unchosen[group]}:
            words = [f"{place.replace('@', '@model.')}={option}" for place, option in left.items()]
            cfg = composer.compose([f"model={model}", *words])
            assert cfg.model._target_.startswith("gan_zoo.models.")
            for place, option in left.items():
                unchosen[groups[place]].discard(option)
    assert not any(unchosen.values()), unchosen


def test_every_target_exists(composer: Composer) -> None:
    """An import path is the registry: each one written in conf/ leads somewhere."""
    from hydra.utils import get_method

    paths = {
        line.split("_target_:")[1].split("#")[0].strip(" }")
        for file in conf_dir().rglob("*.yaml")
        for line in file.read_text().splitlines()
        if "_target_:" in line and not line.lstrip().startswith("#") and "{_target_" not in line
    }
    assert len(paths) > 25
    for path in paths - {path for path in paths if "hydra_plugins" in path}:
        assert get_method(path)


def test_config_dir_adds_groups_and_experiments(tmp_path: Path) -> None:
    (tmp_path / "mine" / "data").mkdir(parents=True)
    (tmp_path / "mine" / "data" / "cows.yaml").write_text("defaults: [unpaired, _self_]\nname: cows\n")
    composer = Composer("train", config_dir=str(tmp_path / "mine"))
    assert composer.compose(["model=cyclegan", "data=cows"]).data.name == "cows"
    assert {"cows", "maps"} <= set(composer.options("data"))
    forget()


def test_config_dir_must_exist() -> None:
    with pytest.raises(UserError, match="--config-dir nowhere: no such folder"):
        Composer("train", config_dir="nowhere").compose([])


def test_parse_refuses_unknown_options() -> None:
    with pytest.raises(UserError, match="no option --multrun"):
        parse(["--multrun"], "train")
    assert parse(["a=1", "-m", "b=2"], "train").overrides == ["a=1", "b=2"]
    assert parse(["--config-name", "other"], "train").config_name == "other"


@pytest.mark.parametrize("text", ["/a b/c", "it's", "a=b,c", "x\\'y", "${no}", "[1]", "-2"])
def test_quoted_survives_hydra(text: str) -> None:
    assert OverridesParser.create().parse_override(f"k={quoted(text)}").value() == text


def test_dotted() -> None:
    assert list(dotted({"a": {"b": 1}, "c": [1]})) == ["a", "a.b", "c"]


def test_launch_runs_each_list_of_words(tmp_path: Path) -> None:
    seen = []
    words = [["model=cyclegan", "hydra.sweep.subdir=a"], ["data.crop_size=64", "hydra.sweep.subdir=b"]]
    common = [f"hydra.sweep.dir={tmp_path / 'out'}", "hydra/hydra_logging=none"]
    Composer("train").launch(
        lambda cfg: seen.append((cfg.model._target_, cfg.data.crop_size, cfg.run_dir)), common, words
    )
    assert [kind.rpartition(".")[2] for kind, _, _ in seen] == ["CycleGAN", "Pix2Pix"]
    assert seen[1][1:] == (64, str(tmp_path / "out" / "b"))
