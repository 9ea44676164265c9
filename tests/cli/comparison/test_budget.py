import pytest
from omegaconf import OmegaConf

from gan_zoo.cli.comparison.budget import images_an_iteration, parse
from gan_zoo.errors import UserError

LIMITS = {
    "2000it": (["trainer.max_steps=2000", "trainer.max_time=null"]),
    "50kimg": (["trainer.max_steps=12500", "trainer.max_time=null"]),
    "10img": (["trainer.max_steps=3", "trainer.max_time=null"]),  # whole iterations, not less than asked for
    "0.5Mimg": (["trainer.max_steps=125000", "trainer.max_time=null"]),
    "30min": (["trainer.max_steps=-1", "trainer.max_time='00:00:30:00'"]),
    "1.5h": (["trainer.max_steps=-1", "trainer.max_time='00:01:30:00'"]),
    "90 s": (["trainer.max_steps=-1", "trainer.max_time='00:00:01:30'"]),
    "49h": (["trainer.max_steps=-1", "trainer.max_time='02:01:00:00'"]),
}


@pytest.mark.parametrize("text", LIMITS)
def test_lengths_at_four_images_an_iteration(text: str) -> None:
    assert parse(text).overrides(4) == ["trainer.max_epochs=-1", *LIMITS[text]]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("2000", "not understood"),
        ("fast", "not understood"),
        ("-3it", "not understood"),
        ("3 epochs", "no unit 'epochs'"),
        ("0it", "not a whole number of iterations above 0"),
        ("0.5it", "not a whole number of iterations above 0"),
        ("0.0001kimg", "not a whole number of images above 0"),
        ("0min", "not a whole number of seconds above 0"),
    ],
)
def test_what_is_no_budget(text: str, line: str) -> None:
    with pytest.raises(UserError, match=line):
        parse(text)


def test_images_of_all_devices_and_micro_batches() -> None:
    trainer = {"devices": 2, "num_nodes": 3, "accumulate_grad_batches": 4}
    cfg = OmegaConf.create({"trainer": trainer, "data": {"batch_size": 5}})
    assert images_an_iteration(cfg) == 120
    cfg.trainer.devices = "auto"
    with pytest.raises(UserError, match="needs a number of devices"):
        images_an_iteration(cfg)
