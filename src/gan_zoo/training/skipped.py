"""Updates with gradients that are not finite are left out and counted, without waiting for the device."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm
from torch.optim import Optimizer

from gan_zoo.errors import NonFiniteLoss
from gan_zoo.training.finite import FiniteWatch

if TYPE_CHECKING:
    from gan_zoo.training.module import GANModule


class SkippedUpdates(FiniteWatch):
    """Leaves an update out whose gradients hold NaN or infinity, and stops only after ten of a player in a row.

    The official code of ProGAN and StyleGAN does so (``tfutil.Optimizer``, ``tflib.Optimizer``), without an end.
    Gradients are means over all ranks by then, so that all leave out the same updates without asking each other.
    The flag stays on the device for an optimiser that has ``found_inf`` (``TensorFlowAdam``): nobody waits for it. From
    any other the gradients are taken away, for which the device has to be waited for.
    """

    patience = 10

    def __init__(self) -> None:
        super().__init__()
        self.skipped: dict[str, Tensor] = {}  # player -> (now in a row, most in a row, in all), on the device

    def watch(self, player: str, terms: dict[str, Tensor]) -> None:
        """Terms may be what they are: the gradients decide."""

    def before_update(self, module: "GANModule", player: str, optimizer: Optimizer) -> dict[str, Tensor]:
        """Look at the gradients; ``<player>/skipped`` is how many updates have been left out so far.

        Raises:
            NonFiniteLoss: see ``check``, which is asked every ten iterations, beside whenever something is logged.
        """
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        bad = ~torch.isfinite(get_total_norm([p.grad for p in parameters], float("inf")))
        if hasattr(optimizer, "found_inf"):
            optimizer.found_inf = bad
        elif bad:
            for parameter in parameters:
                parameter.grad = None
        now, most, total = self.skipped.get(player, torch.zeros(3)).to(bad.device).unbind()
        now = torch.where(bad, now + 1, 0.0)
        self.skipped[player] = torch.stack([now, torch.maximum(most, now), total + bad])
        if module.global_step % self.patience == 0:
            self.check(module)
        return {f"{player}/skipped": self.skipped[player][2]}

    def check(self, module: "GANModule") -> None:
        """Read the counts.

        Raises:
            NonFiniteLoss: ten updates of a player in a row were left out.
        """
        for player, (_, most, total) in self.state_dict().items():
            if most >= self.patience:
                raise NonFiniteLoss(
                    f"{most:.0f} updates of the {player} in a row had gradients that were NaN or infinite ({total:.0f} "
                    f"in all), and were left out, by {module.images_seen} images: training stops; its weights are from "
                    "before, as is the last checkpoint. Try a lower learning rate, or trainer.precision=32-true"
                )

    def state_dict(self) -> dict[str, Any]:
        """The counts of each player, as numbers."""
        return {player: counts.tolist() for player, counts in self.skipped.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with them."""
        self.skipped = {player: torch.tensor(counts) for player, counts in state.items()}
