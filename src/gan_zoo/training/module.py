"""The one base class: several players optimised in turn inside one LightningModule."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer

from gan_zoo.layers.modes import frozen
from gan_zoo.training import lightning_bridge as bridge
from gan_zoo.training.described import Described
from gan_zoo.training.finite import FiniteWatch
from gan_zoo.training.resume import keep_options, options_of, restore_run, save_run
from gan_zoo.training.schedules import Schedule
from gan_zoo.training.shared import SharedPass

OptimizerFactory = Callable[[Iterable[nn.Parameter]], Optimizer]
Factory = Callable[..., nn.Module]
Batch = dict[str, Tensor]
Images = dict[str, Tensor]


class Losses(dict[str, Tensor]):
    """Weighted terms by name: their plain sum is the objective. ``observed`` is logged beside them, not minimised."""

    def __init__(self, terms: Mapping[str, Tensor] = {}, observed: Mapping[str, Tensor] = {}) -> None:
        super().__init__(terms)
        self.observed = dict(observed)


class GANModule(LightningModule, metaclass=Described):
    """A training step is a sequence of ``self.minimize(loss_fn, *args, over=player)``.

    A *player* is an attribute with its own optimiser; ``players`` names them in their order of play. The loss comes as
    a function, so that its graph is built while the other players are frozen: no weight gradients are computed for
    them. One call of ``training_step`` is one micro-batch; ``trainer.accumulate_grad_batches`` of them make an
    iteration, which counts as one ``global_step`` whatever the number of players.

    Args:
        optimizer: factory of each player's optimiser.
        optimizers: factories of single players, in place of ``optimizer``.
        schedule: factor on all initial rates, by epoch (images seen // images of one pass through the data).
    """

    players: tuple[str, ...] = ()

    def __init__(
        self, optimizer: OptimizerFactory, optimizers: Mapping[str, OptimizerFactory], schedule: Schedule
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.optimizer_factories = {player: optimizers.get(player, optimizer) for player in self.players}
        self.schedule = schedule
        self.images_seen, self.images_per_epoch, self.images_of_iteration = 0, 0, 0
        self.terms: dict[str, Tensor] = {}  # the latest value of each term and observation, "<player>/<name>"
        self.finite = FiniteWatch()  # what to do about numbers that are not finite
        self.rank_local: dict[str, Any] = {}  # what has state_dict and load_state_dict and is kept for each rank
        self.resumed: dict[str, Any] | None = None  # the state of this rank that training is to start from
        self.iteration = bridge.Iteration()
        self._owned: dict[str, list[nn.Parameter]] = {}
        self._draws: torch.Generator | None = None
        self._typed: list[list[dict[str, Any]]] = []  # each optimiser's options as they were typed
        self._refused: tuple[int, float | None] = (1, None)  # trainer options hidden from Lightning's check

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "training_step" in cls.__dict__:
            cls.training_step = bridge.as_iteration(cls.__dict__["training_step"])  # type: ignore[method-assign]

    # ---- what a paper's training step is written in

    def minimize(self, loss_fn: Callable[..., Mapping[str, Tensor]], *args: Any, over: str) -> None:
        """One update of one player: zero its gradients, back-propagate the sum of ``loss_fn(*args)``, step."""
        self.zero(over)
        self.accumulate(loss_fn, *args, over=over)
        self.step(over)

    def accumulate(
        self,
        loss_fn: Callable[..., Mapping[str, Tensor]],
        *args: Any,
        over: str | tuple[str, ...],
        shared: SharedPass | None = None,
    ) -> None:
        """Add the gradient of the sum of ``loss_fn(*args)`` with respect to the players in ``over`` only.

        ``shared`` made what this objective shares with another: first its own player's, then the other players'.
        """
        learners = (over,) if isinstance(over, str) else over
        with self.frozen_except(*learners):
            losses = loss_fn(*args)
            total = torch.stack(list(losses.values())).sum()
            if shared is None:
                self.manual_backward(total)
            elif learners == (shared.player,):
                self.manual_backward(shared.handed_over(total))
            else:  # of what was made with the aliases, only the gradient of the input
                learning = [p for player in learners for p in self._parameters_of(player) if p.requires_grad]
                self.manual_backward(total, inputs=learning)
        observed = getattr(losses, "observed", {})
        detached = {name: term.detach() for name, term in losses.items()}
        self.finite.watch(learners[0], detached)
        self.terms |= {f"{learners[0]}/{name}": value for name, value in (detached | observed).items()}

    def zero(self, *players: str) -> None:
        """Drop the players' gradients: at the first micro-batch of an iteration."""
        if self.iteration.first:
            for player in players:
                self._optimizer(player).zero_grad()

    def step(self, *players: str) -> None:
        """Update the players; where several micro-batches make an iteration, once at the end of the last, in order."""
        if self.iteration.micro_batches == 1:
            self._update(*players)
        else:
            self.iteration.postponed.extend(players)

    def is_fresh(self, parameter: nn.Parameter) -> bool:
        """Whether no optimiser remembers anything of this parameter."""
        return not any(parameter in self._optimizer(player).state for player in self.players)

    def renew(self, *players: str) -> None:
        """Empty what the players' optimisers remember: moments and counts of steps."""
        for player in players:
            self._optimizer(player).state.clear()

    @contextmanager
    def frozen_except(self, *players: str) -> Iterator[None]:
        """Freeze every other player, also if an exception leaves the block."""
        others = [player for player in self.players if player not in players]
        with frozen(parameter for player in others for parameter in self._parameters_of(player)):
            yield

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Standard normals of ``shape`` (N, …) for this rank's part of the batch: every random number of a step.

        All ranks draw for the global batch and take their slice, so that their number does not change a run. ``name``
        says what is drawn, for tests that override this method.
        """
        rank, world = self.global_rank if self._trainer else 0, bridge.world_size(self)
        everyone = torch.randn((shape[0] * world, *shape[1:]), generator=self._generator(), device=self.device)
        return everyone[rank * shape[0] : (rank + 1) * shape[0]]

    def uniform(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """U(0, 1), as the normal distribution function of ``draw``."""
        below: Tensor = torch.special.ndtr(self.draw(name, shape))
        return below

    def chance(self, name: str) -> float:
        """U(0, 1) for decisions on the host, the same on all ranks: a function of seed, ``global_step`` and name."""
        return random.Random(f"{self._generator().initial_seed()} {self.global_step} {name}").random()

    @property
    def epoch(self) -> int:
        """Complete passes through the data, counted in images; Lightning's count where their number is not known."""
        return self.images_seen // self.images_per_epoch if self.images_per_epoch else self.current_epoch

    # ---- what a paper offers

    def translate(self, images: Tensor, direction: str = "ab") -> Tensor:
        """Pictures of the other domain: (N, C, H, W) -> (N, C', H, W), both in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} does not translate pictures")

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """The same as ``translate``."""
        images: Tensor = self.translate(*args, **kwargs)
        return images

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The translation of a batch's ``a``."""
        return self.translate(batch["a"])

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """Measures of a validation batch by name, each () scalar; none unless the paper defines some."""
        return {}

    def visuals(self, batch: Batch) -> Images:
        """Pictures worth looking at, by name, (N, C, H, W) in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} must say what to show")

    # ---- Lightning

    def configure_callbacks(self) -> list[Any]:
        """Lightning's first call with a trainer: here options are taken over that it refuses to manual optimisation."""
        bridge.take_over(self)
        return []

    def setup(self, stage: str) -> None:
        """Give the trainer its options back, which it has verified by now."""
        bridge.hand_back(self)

    def configure_optimizers(self) -> list[Optimizer]:
        """One optimiser a player, in the order of play."""
        self._owned = {}
        optimizers = [self.optimizer_factories[player](self._parameters_of(player)) for player in self.players]
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group.setdefault("initial_lr", group["lr"])
        self._typed = options_of(optimizers)
        return optimizers

    def on_train_start(self) -> None:
        """Count a pass through the data, drop what a run cut short left, and prepare the random numbers."""
        self.iteration = bridge.Iteration()
        self.images_per_epoch = bridge.images_per_epoch(self)
        keep_options(self)
        bridge.start_random_numbers(self)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Keep ranks from exchanging gradients that more micro-batches will add to."""
        bridge.resume_random_numbers(self)
        self.iteration.begin(self)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip each player's gradient as ``trainer.gradient_clip_val`` says."""
        if self.trainer.gradient_clip_val:
            self.clip_gradients(optimizer, self.trainer.gradient_clip_val, self.trainer.gradient_clip_algorithm)

    def on_train_epoch_end(self) -> None:
        """Tell the schedule that an epoch is over, unless ``max_steps`` ended it early."""
        if self.trainer.fit_loop.epoch_loop._num_ready_batches_reached():
            self.schedule.end_epoch(self.trainer.callback_metrics)

    def on_train_end(self) -> None:
        """The last terms too were finite."""
        self.check_finite()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log ``val/<score>``."""
        self._log_scores("val", batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Log ``test/<score>``."""
        self._log_scores("test", batch)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what a resumed run needs beyond Lightning's own: see ``training/resume.py``.

        Raises:
            NonFiniteLoss: a term or a weight is not finite; nothing has been written then.
        """
        self.check_finite()
        self.finite.check_weights(self)
        save_run(self, checkpoint)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take it back.

        Raises:
            UserError: the checkpoint is another model's, or another number of processes wrote it.
        """
        restore_run(self, checkpoint)

    def check_finite(self) -> None:
        """Raise NonFiniteLoss if the watch has seen what must end training: the only wait for the device."""
        self.finite.check(self)

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Lightning's own, but never running code that a file may contain unless ``weights_only=False`` is typed."""
        return super().load_from_checkpoint(checkpoint_path, *args, **{"weights_only": True} | kwargs)

    def description(self) -> dict[str, Any]:
        """The class and its arguments, as ``training.config.build`` takes them."""
        return {"_target_": f"{type(self).__module__}.{type(self).__qualname__}", **dict(self.hparams)}

    # ---- private

    def _update(self, *players: str) -> None:
        for player in players:
            optimizer = self._optimizer(player)
            self.terms |= self.finite.before_update(self, player, optimizer.optimizer)
            self.iteration.update(self, optimizer)

    def _generator(self) -> torch.Generator:
        if self._draws is None:
            self._draws = torch.Generator(self.device).manual_seed(torch.initial_seed() % 2**63)
        return self._draws

    def _optimizer(self, player: str) -> Any:
        optimizers = self.optimizers()
        return (optimizers if isinstance(optimizers, list) else [optimizers])[self.players.index(player)]

    def _parameters_of(self, player: str) -> list[nn.Parameter]:
        if player not in self._owned:
            self._owned[player] = list(getattr(self, player).parameters())
        return self._owned[player]

    def _log_scores(self, stage: str, batch: Batch) -> None:
        scores = {f"{stage}/{name}": value for name, value in self.scores(batch).items()}
        self.log_dict(scores, on_epoch=True, sync_dist=True, batch_size=len(next(iter(batch.values()))))
