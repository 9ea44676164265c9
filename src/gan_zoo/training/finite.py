"""A watch on the terms of the objectives that does not wait for the device."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gan_zoo.errors import NonFiniteLoss

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from gan_zoo.training.module import GANModule


class FiniteWatch:
    """Counts on the device in how many iterations each term was NaN or infinite; ``check`` reads the counts."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, ...], Tensor] = {}  # terms of one objective -> bad iterations of each

    def watch(self, player: str, terms: dict[str, Tensor]) -> None:
        """Note the terms of one objective, each () scalar."""
        bad = (~torch.isfinite(torch.stack(list(terms.values())))).int()
        names = tuple(f"{player}/{term}" for term in terms)
        self.counts[names] = self.counts[names] + bad if names in self.counts else bad

    def before_update(self, module: "GANModule", player: str, optimizer: "Optimizer") -> dict[str, Tensor]:
        """Told of each update, all gradients being there; gives what is to be logged of it: here nothing."""
        return {}

    def check_weights(self, module: "GANModule") -> None:
        """Look at all weights, as before a checkpoint is written.

        Raises:
            NonFiniteLoss: a player's weights hold NaN or infinity.
        """
        for player in module.players:
            norms = torch._foreach_norm(list(getattr(module, player).parameters()))
            if not torch.isfinite(torch.stack([norm.float() for norm in norms])).all():
                raise NonFiniteLoss(
                    f"weights of the {player} became NaN or infinite by {module.images_seen} images: nothing is "
                    "written, the last checkpoint is from before. Try a lower rate or trainer.gradient_clip_val"
                )

    def check(self, module: "GANModule") -> None:
        """Read the counts, summed over ranks, and start anew.

        Raises:
            NonFiniteLoss: the term that was bad longest is the one that began it; with its name.
        """
        if not self.counts:
            return
        names = [name for terms in self.counts for name in terms]
        counts = torch.cat(list(self.counts.values()))
        self.counts = {}
        if module._trainer is not None and module.trainer.world_size > 1:
            counts = module.trainer.strategy.reduce(counts, reduce_op="sum")
        bad = counts.tolist()
        if any(bad):
            raise NonFiniteLoss(
                f"{names[bad.index(max(bad))]} became NaN or infinite by {module.images_seen} images: training stops; "
                "the last checkpoint is from before. Try a lower learning rate, trainer.gradient_clip_val, "
                "or trainer.precision=32-true"
            )
