"""An evaluation as something that Lightning's Trainer can test: devices, precision and ranks are its affair."""

from collections.abc import Mapping
from typing import Any

from lightning import LightningModule
from torch import Tensor
from torch.utils.data import DataLoader

from gan_zoo.evaluation.job import Result
from gan_zoo.evaluation.runner import check, evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.protocol import Measure


class Bout(LightningModule):
    """``trainer.test(Bout(…))`` finds ``result``.

    Args:
        measures: by name.
        model, data: what is measured, on what.
        settings: how much.

    Raises:
        UserError: a measure does not fit the model or the data.
    """

    def __init__(self, measures: Mapping[str, Measure], model: Any, data: Any, settings: Settings) -> None:
        super().__init__()
        check(measures, model, data)
        self.measures, self.settings = dict(measures), settings
        self.model = model
        self.around = (data,)  # no submodule, and no hyper-parameter
        self.result = Result()

    def test_dataloader(self) -> DataLoader[Any]:
        """One batch on every rank: the whole evaluation is its step."""
        return DataLoader([0])  # type: ignore[arg-type]  # a list is a data set

    def test_step(self, batch: Tensor, batch_idx: int) -> None:
        """Measure."""
        strategy = self.trainer.strategy
        self.result = evaluate(
            self.measures,
            self.model,
            self.around[0],
            self.settings,
            self.device,
            local_first=self.local_rank == 0,
            barrier=strategy.barrier,
        )
