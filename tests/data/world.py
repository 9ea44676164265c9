"""A real Trainer with a model that only writes down what it sees; also a script, for two processes.

As a script: ``python world.py OUT ROOT BATCH DEVICES`` trains and validates, and each rank writes OUT/<rank>.json.
"""

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from gan_zoo.data import transforms as T
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Unpaired

Seen = list[tuple[int, int, list[float]]]


class Witness(LightningModule):
    """Notes (epoch, batch number, a sum per image) of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.trained: Seen = []
        self.validated: Seen = []

    def note(self, seen: Seen, batch: dict[str, torch.Tensor], number: int) -> None:
        sums = batch["a"].double().sum(dim=(1, 2, 3)) + 7 * batch["b"].double().sum(dim=(1, 2, 3))
        seen.append((self.current_epoch, number, [round(value, 6) for value in sums.tolist()]))

    def training_step(self, batch: dict[str, torch.Tensor], number: int) -> torch.Tensor:
        self.note(self.trained, batch, number)
        return (self.weight * batch["a"]).mean()

    def validation_step(self, batch: dict[str, torch.Tensor], number: int) -> None:
        self.note(self.validated, batch, number)

    test_step = predict_step = validation_step

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class SaveAlways(Callback):
    """A checkpoint after every batch, every validation and every epoch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        trainer.save_checkpoint(self.folder / f"batch{trainer.global_step}.ckpt")

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        trainer.save_checkpoint(self.folder / f"validation{trainer.global_step}.ckpt")

    def on_train_epoch_end(self, trainer: Trainer, *_: Any) -> None:
        trainer.save_checkpoint(self.folder / f"epoch{trainer.current_epoch}.ckpt")


def module(root: Path, **options: Any) -> ImageDataModule:
    options = {"dataset": Unpaired(), "load_size": 14, "crop_size": 8, "num_workers": 0, "seed": 3, **options}
    return ImageDataModule("mine", root, preprocess=T.ResizeAndCrop, **options)


def trainer(**options: Any) -> Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return Trainer(accelerator="cpu", num_sanity_val_steps=0, **{"max_epochs": 3, **quiet, **options})


def main(out: Path, root: Path, batch: int, devices: int) -> None:
    running = trainer(devices=devices, strategy="ddp" if devices > 1 else "auto", use_distributed_sampler=True)
    witness = Witness()
    running.fit(witness, module(root, batch_size=batch))
    seen = {"trained": witness.trained, "validated": witness.validated}
    (out / f"{running.global_rank}.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
