"""Where a resumed run goes on in Lightning's loops.

Lightning 2.6 stores the counters of its loops as they stand in the hook that saves, and guesses the hook from them when
it resumes. At an epoch's end the guess fails: with ``max_steps`` the epoch is ended twice, and where there is no
validation a further batch is trained in it. So a checkpoint is given the counters of one of two places which it resumes
exactly: "n batches of an epoch are trained, and everything that follows the n-th is done", or "an epoch begins".
"""

from typing import Any

from lightning import Trainer


def write(trainer: Trainer, checkpoint: dict[str, Any]) -> None:
    """Set the loops' counters in ``checkpoint``: to be called between two iterations, or at the end of training."""
    loops = checkpoint["loops"]["fit_loop"]
    batches = loops["epoch_loop.batch_progress"]
    trained, total = batches["current"]["processed"], batches["total"]["processed"]
    epoch = loops["epoch_progress"]["current"]["ready"] - 1
    if trained >= trainer.num_training_batches:
        epoch, trained = epoch + 1, 0
    inside = {"ready": epoch + 1, "started": epoch + 1, "processed": epoch, "completed": epoch}
    loops["epoch_progress"] = {"total": dict(inside), "current": dict(inside)}
    hook = (
        1 if trained else 0
    )  # as in a hook at the end of a batch, which Lightning completes; nothing to complete at 0
    loops["epoch_loop.batch_progress"] = {
        "total": _tracker(total, total - hook),
        "current": _tracker(trained, trained - hook),
        "is_last_batch": False,
    }
    # No validation is under way; how many batches it had is of no use, and depends on how often a run was resumed.
    loops["epoch_loop.val_loop.batch_progress"] |= {"total": _tracker(0, 0), "current": _tracker(0, 0)}
    # The loggers' step, which is one iteration's; Lightning adds the last one when it resumes from such a hook.
    loops["epoch_loop.state_dict"] = {"_batches_that_stepped": trainer.global_step - 1}


def resume(trainer: Trainer) -> None:
    """At the start of training: an epoch that is to begin has no validation behind it that Lightning should skip."""
    loop = trainer.fit_loop.epoch_loop
    if loop.restarting and loop.batch_progress.current.ready == 0:
        loop.reset_restart_stage()


def _tracker(ready: int, completed: int) -> dict[str, int]:
    return {"ready": ready, "started": ready, "processed": ready, "completed": completed}
