from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_zoo.cli.comparison.plan import checkpoints_for, make, models_for, wanted_samples
from gan_zoo.cli.comparison.settings import Settings
from gan_zoo.cli.compose import Composer, forget
from gan_zoo.errors import UserError

UNPAIRED = ["data=tshirt2longsleeve_cc0"]


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    forget()


def test_all_that_learn_from_the_data() -> None:
    train = Composer("train")
    unpaired = list(models_for(train, UNPAIRED, "all"))
    pairs = list(models_for(train, ["data=edges2shoes_cc0"], "all"))
    assert unpaired == ["cyclegan", "munit", "sa_munit", "ugatit", "unit"]
    assert pairs == ["bicyclegan", "cyclegan", "munit", "pix2pix", "pix2pixhd", "sa_munit", "ugatit", "unit"]


@pytest.mark.parametrize(("name", "line"), [("cyclegn", "did you mean cyclegan"), ("progan", "translates nothing")])
def test_models_that_are_none(name: str, line: str) -> None:
    with pytest.raises(UserError, match=line):
        models_for(Composer("train"), UNPAIRED, [name])


def test_checkpoints_are_called_by_their_runs(tmp_path: Path) -> None:
    for run in ("first/run", "second/run"):
        (tmp_path / run / "checkpoints").mkdir(parents=True)
        (tmp_path / run / "checkpoints" / "last.ckpt").touch()
    (tmp_path / "imported.ckpt").touch()
    paths = [str(tmp_path / run / "checkpoints" / "last.ckpt") for run in ("first/run", "second/run")]
    assert list(checkpoints_for([*paths, str(tmp_path / "imported.ckpt")])) == ["run", "run-2", "imported"]
    assert checkpoints_for({"mine": paths[0]}) == {"mine": paths[0]}
    with pytest.raises(UserError, match="no such file"):
        checkpoints_for(["nowhere.ckpt"])


def test_a_run_for_each_model_and_seed(tmp_path: Path) -> None:
    models = {"cyclegan": "cyclegan", "wide": "munit"}
    settings = Settings(models, {}, "10img", [0, 3], [*UNPAIRED, "debug=tiny", "data.batch_size=4"])
    settings.own = {"wide": ["model.generator.ngf=8", "data.batch_size=2"]}
    jobs = make(settings, tmp_path, None).jobs
    assert [Path(job.folder).name for job in jobs] == ["cyclegan-seed0", "cyclegan-seed3", "wide-seed0", "wide-seed3"]
    first, last = (Composer("train").compose(job.train or []) for job in (jobs[0], jobs[-1]))
    assert (first.trainer.max_steps, last.trainer.max_steps) == (3, 5)  # the same images in batches of 4 and of 2
    assert (first.seed, last.seed) == (0, 3)
    assert last.model.generator.ngf == 8
    assert last.data.load_size == 128  # MUNIT's own preprocessing in training ...
    assert all(job.measure == settings.words for job in jobs)  # ... and one for all in testing


def test_validation_only_where_it_is_asked_for(tmp_path: Path) -> None:
    settings = Settings({"cyclegan": "cyclegan"}, {}, "1it", [0], [*UNPAIRED])
    assert "trainer.limit_val_batches=0" in (make(settings, tmp_path, None).jobs[0].train or [])
    settings.words.append("trainer.limit_val_batches=3")
    assert "trainer.limit_val_batches=0" not in (make(settings, tmp_path, None).jobs[0].train or [])


def test_a_schedule_of_iterations_under_a_budget_of_time(tmp_path: Path) -> None:
    plan = make(Settings({"ugatit": "ugatit"}, {}, "5min", [0], [*UNPAIRED]), tmp_path, None)
    assert any("model/schedule=constant" in note for note in plan.notes)
    cfg = Composer("train").compose(plan.jobs[0].train or [])
    assert cfg.model.schedule._target_.endswith("Constant")
    assert cfg.trainer.max_time == "00:00:05:00"


@pytest.mark.parametrize(
    ("model", "words", "line"),
    [
        ("pix2pix", UNPAIRED, "pix2pix: model=pix2pix learns from pairs"),
        ("cyclegan", [], "data=… is missing"),
        ("cyclegan", ["data=labelmaps"], "data=labelmaps are label maps"),
        ("cyclegan", [*UNPAIRED, "model.lambda_cycl=1"], "cyclegan: there is no key model.lambda_cycl"),
    ],
)
def test_what_cannot_be_trained(tmp_path: Path, model: str, words: list[str], line: str) -> None:
    with pytest.raises(UserError, match=line):
        make(Settings({model: model}, {}, "1it", [0], list(words)), tmp_path, None)


def test_a_study_takes_as_many_pictures_as_it_asks_about() -> None:
    models = dict.fromkeys("abc", "munit")  # three pairs
    assert wanted_samples(Settings(models, human=20)) == 7
    assert wanted_samples(Settings(models, human=3)) == 6
    assert wanted_samples(Settings(models)) == 6
