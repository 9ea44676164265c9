"""Option values that several reference code bases share, and the choice among them."""

from collections.abc import Callable, Mapping
from typing import Any

from gan_zoo.errors import UserError, nearest
from gan_zoo.layers import init, norm
from gan_zoo.losses.adversarial import LeastSquares, Vanilla, Wasserstein
from gan_zoo.training import schedules

# Options of a run, a data set or a file, which make no difference to the model.
# fmt: off
RUN = frozenset(
    (
        # a case's own notes
        "adam", "runs", "lods", "batch", "type", "constant", "lambda_gp",
        # a run
        "name", "phase", "isTrain", "epoch", "load_iter", "verbose", "suffix", "gpu_ids", "checkpoints_dir", "eval",
        "num_test", "model",
        # data
        "dataset_mode", "dataroot", "direction", "preprocess", "load_size", "crop_size", "no_flip", "serial_batches",
        "num_threads", "max_dataset_size", "batch_size",
        # a file
        "key prefix", "counters num_batches_tracked present",
    )
)
# fmt: on
NORMS = {
    "batch": norm.batch_norm,
    "instance": norm.instance_norm,
    "none": norm.no_norm,
    "syncbatch": norm.sync_batch_norm,
}
GAMES = {"vanilla": Vanilla, "lsgan": LeastSquares, "wgangp": Wasserstein}
INITS = {"normal": init.Normal, "xavier": init.Xavier, "kaiming": init.Kaiming, "orthogonal": init.Orthogonal}
SCHEDULES: dict[str, Callable[[Mapping[str, Any]], schedules.Schedule]] = {
    "linear": lambda o: schedules.Linear(o["n_epochs"], o["n_epochs_decay"], o["epoch_count"]),
    "step": lambda o: schedules.Step(o["lr_decay_iters"]),
    "cosine": lambda o: schedules.Cosine(o["n_epochs"]),
    "plateau": lambda o: schedules.Plateau(
        "val/l1" if "lambda_L1" in o else "val/cycle_a", smallest_fall=1e-8 / o["lr"]
    ),
}


def check_known(name: str, options: Mapping[str, Any], known: Mapping[str, Any], besides: frozenset[str]) -> None:
    """Refuse what the reference of ``name`` does not know.

    Raises:
        UserError: the first such option.
    """
    for option in options:
        if option not in known and option not in RUN and option not in besides:
            raise UserError(f"the reference of {name} has no option {option!r}{nearest(option, known)}")


def choose(table: Mapping[str, Any], value: Any, option: str) -> Any:
    """What an option's value stands for.

    Raises:
        UserError: the reference has no such value.
    """
    if value not in table:
        raise UserError(f"the reference has no {option} {value!r}{nearest(str(value), table)}")
    return table[value]
