import pytest
import torch
from lightning import Trainer

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.errors import UserError
from gan_zoo.evaluation.bout import Bout
from gan_zoo.evaluation.runner import evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.latent import PathLength
from gan_zoo.metrics.paired import L1
from gan_zoo.models.cyclegan import CycleGAN
from tests.unit.evaluation.nets import Distance, judge

QUICK = Settings(num_workers=0, cache=False)


def test_a_trainer_can_test_it(pairs: ImageDataModule, cyclegan: CycleGAN) -> None:
    options = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "accelerator": "cpu"}
    bout = Bout({"l1": L1()}, cyclegan, pairs, QUICK)
    Trainer(**options).test(bout, verbose=False)  # type: ignore[arg-type]
    with torch.no_grad():
        assert bout.result == evaluate({"l1": L1()}, cyclegan, pairs, QUICK)


def test_what_does_not_fit_is_refused_before_anything_starts(pairs: ImageDataModule, cyclegan: CycleGAN) -> None:
    with pytest.raises(UserError, match="no latent space"):
        Bout({"path_length": PathLength(judge(Distance()))}, cyclegan, pairs, QUICK)
