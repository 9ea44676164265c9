"""The watch on NaN and infinity."""

import pytest
import torch
from torch import Tensor

from gan_zoo.errors import NonFiniteLoss
from gan_zoo.training.finite import FiniteWatch
from tests.unit import world


def terms(**values: float) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


def test_finite_terms_pass() -> None:
    watch, module = FiniteWatch(), world.Duel()
    watch.check(module)
    watch.watch("judge", terms(real=1e38, fake=-1.0))
    watch.check(module)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_the_term_is_named_and_forgotten(value: float) -> None:
    watch, module = FiniteWatch(), world.Duel()
    module.images_seen = 12
    watch.watch("judge", terms(real=1.0, fake=value))
    watch.watch("judge", terms(real=1.0, fake=1.0))
    with pytest.raises(NonFiniteLoss, match=r"^judge/fake became NaN or infinite by 12 images: .*learning rate"):
        watch.check(module)
    watch.check(module)


def test_the_term_that_began_it_is_named_not_those_it_took_along() -> None:
    watch, nan = FiniteWatch(), float("nan")
    watch.watch("judge", terms(real=1.0))
    watch.watch("maker", terms(adv=1.0, l1=nan))
    watch.watch("judge", terms(real=nan))
    watch.watch("maker", terms(adv=nan, l1=nan))
    with pytest.raises(NonFiniteLoss, match=r"^maker/l1 "):
        watch.check(world.Duel())


def test_a_term_that_is_there_only_now_and_then_is_not_forgotten() -> None:
    watch = FiniteWatch()
    watch.watch("judge", terms(real=1.0, r1=float("nan")))
    watch.watch("judge", terms(real=1.0))
    with pytest.raises(NonFiniteLoss, match=r"^judge/r1 "):
        watch.check(world.Duel())


def test_a_training_stops_with_the_name_before_more_is_logged() -> None:
    data = world.numbers(1.0, float("inf"), 1.0, 1.0)
    model = world.Duel()
    with pytest.raises(NonFiniteLoss, match=r"^judge/real became NaN or infinite by 2 images"):
        world.fit(model, data, log_every_n_steps=1)
    assert model.images_seen == 2


def test_a_training_that_logs_nothing_any_more_is_checked_at_its_end() -> None:
    with pytest.raises(NonFiniteLoss, match=r"^judge/real became NaN or infinite by 4 images"):
        world.fit(world.Duel(), world.numbers(1.0, float("inf"), 1.0, 1.0), log_every_n_steps=50)
