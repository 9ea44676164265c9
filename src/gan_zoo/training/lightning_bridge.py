"""Where alternating optimisation meets Lightning 2.6: iterations, accumulation, and options that it refuses."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import TYPE_CHECKING, Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.core.optimizer import do_nothing_closure
from lightning.pytorch.strategies import DDPStrategy

from gan_zoo.training.checkpoint_io import AtomicCheckpointIO
from gan_zoo.training.resume import restore_rank

if TYPE_CHECKING:
    from gan_zoo.training.module import GANModule


class Iteration:
    """Which micro-batch of an iteration runs, which updates wait for its last, and what Lightning counts."""

    def __init__(self) -> None:
        self.micro_batches, self.done, self.last = 1, 0, True
        self.postponed: list[str] = []
        self.counted = False
        self.without_sync = ExitStack()

    @property
    def first(self) -> bool:
        """Whether no micro-batch of this iteration has run yet."""
        return self.done == 0

    def begin(self, module: "GANModule") -> None:
        """Before a micro-batch reaches the (possibly distributed) model."""
        self.micro_batches = int(module.trainer.accumulate_grad_batches)
        self.last = not module.trainer.fit_loop._should_accumulate()
        self.without_sync.close()
        if not self.last and isinstance(module.trainer.strategy, DDPStrategy):
            self.without_sync.enter_context(module.trainer.strategy.block_backward_sync())

    def update(self, module: "GANModule", optimizer: Any) -> None:
        """Step one player: only an iteration's first update goes through Lightning's counter of ``global_step``."""
        if self.done > 0:
            gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            torch._foreach_div_(gradients, float(self.done + 1))
        if self.counted:
            module.trainer.strategy.optimizer_step(optimizer.optimizer, do_nothing_closure)
        else:
            optimizer.step()
        self.counted = True

    def end(self, module: "GANModule") -> None:
        """After a micro-batch: the postponed updates, if it was the last one."""
        if not self.last:
            self.done, self.postponed = self.done + 1, []
            return
        module._update(*self.postponed)
        self.done, self.postponed, self.counted = 0, [], False


def as_iteration(training_step: Callable[..., None]) -> Callable[..., None]:
    """Wrap a paper's ``training_step`` in what every paper needs: rates before; updates, clock and log after."""

    @wraps(training_step)
    def wrapped(self: "GANModule", batch: dict[str, torch.Tensor], batch_idx: int) -> None:
        self.images_of_iteration = len(next(iter(batch.values()))) * world_size(self) * self.iteration.micro_batches
        if self.iteration.first:
            _set_rates(self)
        training_step(self, batch, batch_idx)
        self.iteration.end(self)
        self.images_seen += self.images_of_iteration // self.iteration.micro_batches
        if self.trainer._logger_connector.should_update_logs:
            _log(self)

    return wrapped


def world_size(module: "GANModule") -> int:
    """Processes that train together; 1 without a trainer."""
    return module.trainer.world_size if module._trainer is not None else 1


def images_per_epoch(module: "GANModule") -> int:
    """Images of one pass through the training data, summed over ranks; 0 where that is not known.

    It is not for data without a length, of several loaders, or that come as batches already.
    """
    loader: Any = module.trainer.train_dataloader
    try:
        if loader.batch_sampler is None:
            return 0
        whole = not getattr(loader, "drop_last", False)
        return (len(loader.sampler) if whole else len(loader) * loader.batch_size) * world_size(module)
    except (TypeError, AttributeError):
        return 0


def take_over(module: "GANModule") -> None:
    """Hide options that Lightning refuses under manual optimisation from its check, and prepare its strategy.

    Alternating updates use a part of the parameters in each backward pass: distributed training must look for the rest.
    """
    trainer = module.trainer
    module._refused = (trainer.accumulate_grad_batches, trainer.gradient_clip_val)
    trainer.accumulate_grad_batches, trainer.gradient_clip_val = 1, None
    strategy: Any = trainer.strategy
    if isinstance(strategy, DDPStrategy):
        strategy._ddp_kwargs.setdefault("find_unused_parameters", True)
        strategy._ddp_kwargs.setdefault("gradient_as_bucket_view", True)  # else every gradient is there twice
    if type(strategy.checkpoint_io) is TorchCheckpointIO:
        strategy.checkpoint_io = AtomicCheckpointIO()


def hand_back(module: "GANModule") -> None:
    """Restore the options, after Lightning's check."""
    module.trainer.accumulate_grad_batches, module.trainer.gradient_clip_val = module._refused


def start_random_numbers(module: "GANModule") -> None:
    """Give each rank of a new run its own random numbers (dropout), and all the same for ``draw``."""
    if module.resumed is None and world_size(module) > 1:
        seed = module.trainer.strategy.broadcast(torch.initial_seed() % 2**63)
        module._draws = torch.Generator(module.device).manual_seed(seed)
        torch.manual_seed((seed + module.global_rank) % 2**63)


def resume_random_numbers(module: "GANModule") -> None:
    """Go on with a resumed run's, at its first batch: making loaders, also validation's, draws from the old ones."""
    if module.resumed is not None:
        restore_rank(module, module.resumed)
        module.resumed = None


def _set_rates(module: "GANModule") -> None:
    factor = module.schedule.rate_of(module)
    for optimizer in module.trainer.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor


def _log(module: "GANModule") -> None:
    module.check_finite()
    rates = {f"lr/{p}": o.param_groups[0]["lr"] for p, o in zip(module.players, module.trainer.optimizers, strict=True)}
    module.log_dict(module.terms | rates | {"images_seen": float(module.images_seen)})
