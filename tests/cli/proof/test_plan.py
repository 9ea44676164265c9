import pytest
from omegaconf import DictConfig

from gan_zoo.cli.compose import Composer, forget
from gan_zoo.cli.proof.judges import JUDGES
from gan_zoo.cli.proof.plan import Trial, composed, fingerprint, in_words, read
from gan_zoo.errors import UserError


def proof(*overrides: str) -> DictConfig:
    try:
        return Composer("proof").compose(overrides)
    finally:
        forget()


def test_every_model_of_the_zoo_is_proved_and_two_with_three_seeds() -> None:
    trials = read(proof())
    models, zoo = [trial for trial in trials if not trial.without], Composer("train").options("model")
    forget()
    assert {trial.model for trial in models} == set(zoo)
    assert sum(len([t for t in models if t.model == name]) >= 3 for name in zoo) >= 2
    assert {trial.judge for trial in trials} <= set(JUDGES)
    assert len({trial.name for trial in trials}) == len(trials)


def test_controls_take_something_away_in_training_only() -> None:
    controls = {trial.name: trial for trial in read(proof()) if trial.without}
    assert len(controls) >= 3
    for trial in controls.values():
        assert fingerprint(trial) != fingerprint(Trial("x", trial.model, trial.judge, trial.seed, trial.words))
        assert set(trial.recipe) - set(trial.plain) == set(trial.changes)


def test_only_names_models_or_single_trainings() -> None:
    assert {trial.name for trial in read(proof("only=[munit]"))} == {"munit"}
    assert [trial.name for trial in read(proof("only=[cyclegan_without_cycle]"))] == ["cyclegan_without_cycle"]
    assert len(read(proof("only=[cyclegan]"))) == 3
    with pytest.raises(UserError, match=r"only=munitt: the proof trains none of that name.*munit"):
        read(proof("only=[munitt]"))


def test_seeds_differ_in_nothing_else() -> None:
    one, two = (composed(Trial("x", "pix2pix", "paired", seed).recipe) for seed in (0, 1))
    assert (one.seed, two.seed) == (0, 1)
    assert one.model == two.model
    assert one.data.world == two.data.world  # the scenes, too, are the same


def test_a_recipe_in_words() -> None:
    said = in_words(Trial("p", "ugatit", "unpaired", words=("trainer.max_steps=1200",)))
    assert said.startswith("world_faces (colours 2) at 96 px, ngf 16, ")
    assert said.endswith(", 1,200 iterations of 1")
    assert in_words(Trial("p", "progan", "unconditional")).endswith("000 images in batches of 8")
