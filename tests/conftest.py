"""Settings that every test runs under: one thread, no network services, and no GPU tests where there is no GPU."""

import os

import pytest

# Child processes inherit these; one thread each keeps runs deterministic and leaves the cores to pytest's workers.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ["WANDB_MODE"] = "offline"
os.environ["WANDB_SILENT"] = "true"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked `gpu` on a machine without one: they are left out, neither passed nor skipped."""
    gpu_tests = [item for item in items if "gpu" in item.keywords]
    if not gpu_tests:
        return
    import torch

    if torch.cuda.is_available():
        return
    config.hook.pytest_deselected(items=gpu_tests)
    items[:] = [item for item in items if "gpu" not in item.keywords]
