import errno

import pytest

from gan_zoo.cli.report import one_line, squeeze
from gan_zoo.errors import UserError


def chained(outer: Exception, inner: Exception) -> Exception:
    try:
        raise outer from inner
    except type(outer) as error:
        return error


class MisconfigurationException(Exception):
    pass


class InstantiationException(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("a\n  b"), "a b"),
        (chained(RuntimeError("outer"), UserError("the mistake")), "the mistake"),
        (chained(InstantiationException("Error in call to target"), UserError("no folder")), "no folder"),
        (OSError(errno.ENOSPC, "No space left on device", "x/last.ckpt"), "x/last.ckpt: no space left on the device"),
        (RuntimeError("write failed: No space left on device"), "no space left on the device"),
        (PermissionError(errno.EACCES, "Permission denied", "locked/x"), "locked/x: no permission"),
        (ModuleNotFoundError("No module named 'optuna'", name="optuna"), "pip install 'gan-zoo[sweep]'"),
        (ModuleNotFoundError("No module named 'foo'", name="foo.bar"), "pip install foo"),
        (KeyError("x"), "KeyError: 'x' (GAN_ZOO_TRACEBACK=1 shows where)"),
        (MisconfigurationException("No supported gpu backend found!"), "trainer=cpu"),
        (
            MisconfigurationException("You requested gpu: [0, 1]\n But your machine only has: [0]"),
            "But your machine only has: [0]: set trainer.devices to what there is",
        ),
    ],
)
def test_one_line(error: Exception, line: str) -> None:
    said = one_line(error)
    assert line in said
    assert "\n" not in said


def test_a_loader_workers_error_is_its_own_line() -> None:
    text = "Caught UserError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n  File\n"
    assert one_line(UserError(f"{text}gan_zoo.errors.UserError: a.png is damaged\n")) == "a.png is damaged"


def test_what_a_compiler_says_is_cut_short() -> None:
    error = type("InductorError", (RuntimeError,), {"__module__": "torch._inductor.exc"})("g++ failed\n  line 1\n  2")
    assert one_line(error).startswith("torch.compile failed: g++ failed; compile=false trains without")


def test_squeeze() -> None:
    assert squeeze(" a\n\tb  c ") == "a b c"
