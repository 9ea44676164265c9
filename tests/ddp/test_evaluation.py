"""Two processes measure, bit for bit, what one measures: each sample counts once, and in the same order."""

import os
import socket
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import Trainer, seed_everything
from PIL import Image

from gan_zoo.callbacks.metrics import Metrics
from gan_zoo.callbacks.tick import Tick
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Unpaired
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.distribution import FID, KID, SWD
from gan_zoo.metrics.multimodal import Diversity
from gan_zoo.metrics.whole import Scores
from tests.ddp.worker import MODELS, WARM
from tests.unit.evaluation.nets import Distance, Tiny, judge


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training pictures as in the other tests; seven and four for validation, so that one rank has fewer."""
    root: Path = tmp_path_factory.mktemp("small")
    rng = np.random.default_rng(0)
    for split, count in (("trainA", 4), ("trainB", 4), ("valA", 7), ("valB", 4)):
        (root / split).mkdir()
        for i in range(count):
            Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(root / split / f"{i}.png")
    return root


def train(devices: int, data: Path, out: Path, rank: int, port: int) -> None:
    """An iteration of MUNIT on four images, then the metrics of the last tick; each rank writes its own."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if devices > 1:
        os.environ |= {"LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": "0"}
    seed_everything(7, verbose=False)
    eye = judge(Tiny())
    measures = {"fid": FID(eye), "kid": KID(eye), "swd": SWD(), "cycle": Scores("cycle_")}
    measures["diversity"] = Diversity(judge(Distance()), inputs=3, outputs=3)  # type: ignore[assignment]
    metrics = Metrics(measures, Settings(batch_size=2, num_workers=0, cache=str(data / "cache" / str(devices))))
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(
        callbacks=[Tick(), metrics],
        accelerator="cpu",
        devices=devices,
        precision="64-true",
        max_steps=1,
        limit_val_batches=0,
        enable_model_summary=False,
        **quiet,  # type: ignore[arg-type]
    )
    sizes = {"load_size": 36, "crop_size": 32, "batch_size": 4 // devices}
    make = partial(ImageDataModule, "small", data, Unpaired(), num_workers=0)
    trainer.fit(MODELS["munit"](), datamodule=make(**sizes))  # type: ignore[arg-type]
    result = metrics.result
    counts = {key: about["images"] for key, about in result.protocols.items()}
    torch.save({"values": result.values, "images": counts}, out / f"{devices}-{rank}.pt")


def measured(devices: int, data: Path, out: Path) -> list[dict[str, Any]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [WARM.Process(target=train, args=(devices, data, out, rank, port)) for rank in range(devices)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(120)
    assert [process.exitcode for process in ranks] == [0] * devices
    return [torch.load(out / f"{devices}-{rank}.pt", weights_only=True) for rank in range(devices)]


def test_two_ranks_measure_what_one_does(data: Path, tmp_path: Path) -> None:
    [one] = measured(1, data, tmp_path)
    two = measured(2, data, tmp_path)
    assert two[0] == two[1]
    assert two[0]["images"] == one["images"]
    assert one["images"]["fid_tiny_8/ab"] == 7
    assert one["images"]["fid_tiny_8/ba"] == 4
    assert two[0]["values"] == pytest.approx(one["values"], rel=1e-6, abs=1e-9)
    assert {key.partition("/")[0] for key in one["values"]} >= {"fid_tiny_8", "kid_tiny_8", "swd_32px", "cycle_a"}
    kept = [{path.name for path in (data / "cache" / count).rglob("*.pt")} for count in "12"]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 2
