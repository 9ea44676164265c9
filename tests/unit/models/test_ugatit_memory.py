"""What an iteration of U-GAT-IT takes beside weights, gradients and moments (docs/benchmarks.md has the full width)."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from gan_zoo import benchmark
from gan_zoo.models import UGATIT
from gan_zoo.networks.ugatit import Discriminator, Generator
from gan_zoo.training.schedules import Constant

Batch = dict[str, Tensor]


def ugatit(checkpointing: bool = False) -> UGATIT:
    torch.manual_seed(0)
    light = partial(Generator, ngf=8, light=True, checkpointing=checkpointing)
    return UGATIT(light, partial(Discriminator, ndf=4), schedule=Constant()).train()


def reference(model: UGATIT, real: Batch) -> None:
    """The reference's order: generators run for each player, and what is made for the discriminators is not detached.

    Nothing is frozen either; gradients that nobody uses are dropped by the next ``zero``.
    """
    model.discriminator.zero_grad()
    fake = {t: model.generator[s + t](real[s]).out for s, t in ("ab", "ba")}
    torch.stack(list(model.discriminator_loss(real, fake).values())).sum().backward()
    model.generator.zero_grad()
    made, kept, logits = {}, {}, {}
    for s, t in ("ab", "ba"):
        source, target = model.generator[s + t](real[s]), model.generator[s + t](real[t])
        made[t], kept[t], logits[t] = source.out, target.out, (source.logits, target.logits)
    torch.stack(list(model.generator_loss(real, made, kept, logits).values())).sum().backward()


def ours(model: UGATIT) -> Callable[[Batch], None]:
    model.optimizer_factories = dict.fromkeys(model.players, partial(torch.optim.SGD, lr=0.0))
    return benchmark.bare(model)


def peak(iterate: Callable[[Batch], None], model: UGATIT) -> int:
    """Bytes above gradients, at most, from the start of an iteration."""
    real = {d: torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1)) for d in "ab"}
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        iterate(real)
    taken = most = 0
    memory = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    for event in sorted(memory, key=lambda event: event.start_ns()):
        taken += event.nbytes()
        most = max(most, taken)
    return most - sum(4 * p.numel() for p in model.parameters())


@pytest.mark.slow
def test_no_more_than_the_references_order_and_half_of_it_with_checkpointing() -> None:
    model, plain, frugal = ugatit(), ugatit(), ugatit(checkpointing=True)
    most = peak(partial(reference, model), model)
    assert 0 < peak(ours(plain), plain) <= most
    assert 0 < peak(ours(frugal), frugal) <= most / 2
