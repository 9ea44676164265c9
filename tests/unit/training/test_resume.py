"""What a checkpoint holds of a run (runs that are killed and go on: tests/resume)."""

import random
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import Adam

from gan_zoo.errors import NonFiniteLoss, UserError
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.training.schedules import Plateau
from tests.unit import world


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "x.ckpt"
    model = world.cyclegan(pool_size=2, nz=1)
    world.fit(model, world.samples(3)).save_checkpoint(path)
    return path


def read(path: Path) -> dict[str, Any]:
    stored: dict[str, Any] = torch.load(path, weights_only=True)
    return stored


def test_it_describes_the_model_and_the_clock(checkpoint: Path) -> None:
    state = read(checkpoint)["gan_zoo"]
    assert state["model"]["_target_"] == "gan_zoo.models.cyclegan.CycleGAN"
    assert (state["images_seen"], state["world_size"], len(state["ranks"])) == (3, 1, 1)


def test_random_numbers_and_pools_come_back(checkpoint: Path) -> None:
    stored = read(checkpoint)["gan_zoo"]["ranks"][0]
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)
    model = world.cyclegan(pool_size=2, nz=1)
    world.fit(model, world.samples(3), ckpt_path=checkpoint, max_epochs=2, limit_train_batches=0)
    assert model.resumed is not None  # nothing trained: it waits
    model.on_train_batch_start(world.batch(), 0)
    assert model.resumed is None
    assert torch.equal(torch.get_rng_state(), stored["torch"])
    assert random.getstate()[1] == tuple(stored["python"][1])
    assert np.array_equal(np.random.get_state()[1], stored["numpy"][1].numpy())
    assert model._draws is not None
    assert torch.equal(model._draws.get_state(), stored["draws"])
    for name, pool in model.rank_local.items():
        kept = stored["local"][name]["images"]
        assert len(kept) == 2
        assert all(map(torch.equal, pool.images, kept))


def test_a_resumed_run_is_the_uninterrupted_one(tmp_path: Path) -> None:
    def run(folder: Path, resume: bool) -> torch.Tensor:
        model = world.cyclegan(pool_size=2, lambda_gp=0.1)
        for epochs in (2, 4) if resume else (4,):
            model = world.cyclegan(pool_size=2, lambda_gp=0.1)
            last = folder / "last.ckpt"
            trainer = world.fit(model, world.samples(3), ckpt_path=last if last.exists() else None, max_epochs=epochs)
            trainer.save_checkpoint(last)
        assert (model.images_seen, trainer.global_step) == (12, 12)
        return world.weights(model)

    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    assert torch.equal(run(tmp_path / "whole", resume=False), run(tmp_path / "parts", resume=True))


def test_a_plateau_goes_on(tmp_path: Path) -> None:
    model = world.Duel(schedule=Plateau("judge/real", patience=0, factor=0.5))
    trainer = world.fit(model, world.numbers(1.0), max_epochs=2, log_every_n_steps=1)
    model.schedule.current = 0.125  # type: ignore[attr-defined]  # a Plateau
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    other = world.Duel(schedule=Plateau("judge/real", patience=0, factor=0.5))
    other.on_load_checkpoint(read(tmp_path / "x.ckpt"))
    assert other.schedule.state_dict() == model.schedule.state_dict()
    assert other.schedule(0) == 0.125


def test_another_model_is_refused(checkpoint: Path) -> None:
    with pytest.raises(UserError, match="this checkpoint holds a CycleGAN, not a Pix2Pix: choose the same model"):
        world.fit(world.pix2pix(), world.samples(1), ckpt_path=checkpoint)


def test_a_foreign_checkpoint_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    stored = read(checkpoint)
    del stored["gan_zoo"]
    torch.save(stored, tmp_path / "foreign.ckpt")
    with pytest.raises(UserError, match=r"was not written by gan_zoo: .*gan-zoo import"):
        world.fit(world.cyclegan(), world.samples(1), ckpt_path=tmp_path / "foreign.ckpt")


def test_another_number_of_devices_is_refused_for_training_and_no_matter_otherwise(
    checkpoint: Path, tmp_path: Path
) -> None:
    stored = read(checkpoint)
    stored["gan_zoo"]["world_size"] = 4
    torch.save(stored, tmp_path / "4.ckpt")
    model = world.cyclegan(pool_size=2, nz=1)
    with pytest.raises(UserError, match=r"trained on 4 device\(s\) .* on 1: .*trainer.devices=4"):
        world.fit(model, world.samples(1), ckpt_path=tmp_path / "4.ckpt")
    loader = torch.utils.data.DataLoader(world.samples(1))
    world.trainer().validate(model, loader, ckpt_path=tmp_path / "4.ckpt", verbose=False)
    assert model.images_seen == 3
    assert model.resumed is None


def test_a_rate_typed_on_resume_is_used(tmp_path: Path) -> None:
    world.fit(world.cyclegan(), world.samples(2)).save_checkpoint(tmp_path / "x.ckpt")
    model = world.cyclegan(optimizer=partial(Adam, lr=1e-5))
    trainer = world.fit(model, world.samples(2), ckpt_path=tmp_path / "x.ckpt", max_epochs=2)
    assert {group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups} == {1e-5}


def test_another_architecture_is_refused_in_one_line(tmp_path: Path) -> None:
    world.fit(world.pix2pix(), world.samples(2)).save_checkpoint(tmp_path / "x.ckpt")
    wider = world.pix2pix(discriminator=partial(PatchGAN, n_layers=1, ndf=64))
    with pytest.raises(UserError, match=r"model\.discriminator\.ndf is \d+ in the checkpoint, 64 here"):
        world.fit(wider, world.samples(2), ckpt_path=tmp_path / "x.ckpt", max_epochs=2)


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    model = world.pix2pix()
    trainer = world.fit(model, world.samples(1))
    next(model.generator.parameters()).data[0] = torch.nan
    with pytest.raises(NonFiniteLoss, match="weights of the generator became NaN"):
        trainer.save_checkpoint(tmp_path / "x.ckpt")
    assert not (tmp_path / "x.ckpt").exists()
