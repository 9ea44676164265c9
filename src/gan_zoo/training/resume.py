"""What a checkpoint holds beyond Lightning's own, so that a resumed run is the uninterrupted one, bit for bit.

Everything is tensors and plain containers: ``torch.load(..., weights_only=True)`` reads it.
"""

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.distributed as dist
from lightning.pytorch.utilities import move_data_to_device

from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from gan_zoo.training.module import GANModule

KEY = "gan_zoo"
ARCHITECTURE = (  # arguments that weights depend on
    *("generator", "discriminator", "encoder", "channels", "nz", "conditional", "labels", "instances", "n_features"),
)


def save_run(module: "GANModule", checkpoint: dict[str, Any]) -> None:
    """Add the model's description, the clock, the schedule, and the state of every rank; called on all ranks."""
    ranks = _gather(module, _rank_state(module))
    checkpoint[KEY] = {
        "model": module.description(),
        "images_seen": module.images_seen,
        "images_of_iteration": module.images_of_iteration,
        "world_size": len(ranks),
        "schedule": module.schedule.state_dict(),
        "ranks": ranks,
    }


def restore_run(module: "GANModule", checkpoint: dict[str, Any]) -> None:
    """Take back what ``save_run`` wrote; what belongs to a running training waits for its start.

    Raises:
        UserError: the checkpoint is no checkpoint of this model, or was written by another number of processes.
    """
    state = checkpoint.get(KEY)
    if not isinstance(state, dict):
        raise UserError("this checkpoint was not written by gan_zoo: import reference weights with `gan-zoo import`")
    written, ours = state["model"]["_target_"], module.description()["_target_"]
    if written != ours:
        theirs, wanted = (path.rpartition(".")[2] for path in (written, ours))
        raise UserError(f"this checkpoint holds a {theirs}, not a {wanted}: choose the same model")
    module.images_seen = state["images_seen"]
    module.images_of_iteration = state.get("images_of_iteration", 0)
    module.schedule.load_state_dict(state["schedule"])
    if module._trainer is None or not module.trainer.training:
        return
    world = module.trainer.world_size
    if world != state["world_size"]:
        raise UserError(
            f"this run was trained on {state['world_size']} device(s) and cannot go on exactly on {world}: its image "
            f"pools and random numbers are per device; set trainer.devices={state['world_size']}, or start a new run"
        )
    was, now = ({key: about.get(key) for key in ARCHITECTURE} for about in (state["model"], module.description()))
    if change := difference(was, now, "model"):
        raise UserError(f"this run cannot go on with another architecture: {change}; start a new run for it")
    module.resumed = state["ranks"][module.global_rank]


def difference(was: Any, now: Any, path: str) -> str | None:
    """Where two descriptions first differ, in words; only what both of them say counts."""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return None if was == now else f"{path} is {was} in the checkpoint, {now} here"
    changes = (difference(was[key], now[key], f"{path}.{key}") for key in was if key in now)
    return next((change for change in changes if change), None)


def options_of(optimizers: list[Any]) -> list[list[dict[str, Any]]]:
    """Every parameter group's options: all but the parameters."""
    return [[dict(group, params=None) for group in optimizer.param_groups] for optimizer in optimizers]


def keep_options(module: "GANModule") -> None:
    """What is typed wins over what a checkpoint brought: a resumed run may have another rate."""
    for optimizer, groups in zip(module.trainer.optimizers, module._typed, strict=True):
        for group, typed in zip(optimizer.param_groups, groups, strict=True):
            group.update(typed | {"params": group["params"]})


def _rank_state(module: "GANModule") -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state()
    version, numbers, python_gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
        "numpy": [str(kind), torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "python": [version, list(numbers), python_gauss],
        "draws": None if module._draws is None else module._draws.get_state(),
        "terms": move_data_to_device(module.terms, "cpu"),  # each is logged until it comes again
        "local": move_data_to_device({key: thing.state_dict() for key, thing in module.rank_local.items()}, "cpu"),
    }


def restore_rank(module: "GANModule", state: dict[str, Any]) -> None:
    """Set this process's random numbers and the model's rank-local parts, when nothing else draws any more."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    version, numbers, python_gauss = state["python"]
    random.setstate((version, tuple(numbers), python_gauss))
    module._draws = None
    if state["draws"] is not None:
        module._draws = torch.Generator(module.device)
        module._draws.set_state(state["draws"])
    module.terms |= move_data_to_device(state.get("terms", {}), module.device)
    for name, thing in module.rank_local.items():
        thing.load_state_dict(move_data_to_device(state["local"].get(name, {}), module.device))


def _gather(module: "GANModule", state: dict[str, Any]) -> list[dict[str, Any]]:
    if module.trainer.world_size == 1:
        return [state]
    states: list[Any] = [None] * module.trainer.world_size
    dist.all_gather_object(states, state)
    return states
