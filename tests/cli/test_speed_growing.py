"""A row of the benchmark for each size of a model that grows."""

import re

import pytest

from gan_zoo.cli import main

SMALL = ["data=images", "model.resolution=16", "model.generator.most=4", "model.discriminator.most=4", "trainer=cpu"]
BATCHES = [f"model.schedule.batches.{side}={batch}" for side, batch in ((4, 4), (8, 4), (16, 2))]


def rows(said: str) -> list[list[str]]:
    """Numbers of each size."""
    return [line.split() for line in said.splitlines() if re.match(r" *\d+ px", line)]


def test_time_and_operations_of_each_size_with_its_batch(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["benchmark", "model=progan", *SMALL[1:], *BATCHES, "--iterations", "1", "--warmup", "1"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert re.search(r"model +ProGAN, noise of each size, 32-true on CPU", said)
    found = rows(said)
    assert [(row[0], row[2]) for row in found] == [("4", "4"), ("8", "4"), ("16", "2")]
    for row in found:
        milliseconds, speed = map(float, row[3:5])
        assert speed == pytest.approx(1000 * int(row[2]) / milliseconds, rel=0.05)
    assert len(found[0]) == 6


def test_operations_alone_share_the_batch_among_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "model=stylegan", "model.resolution=16", "--flops", "trainer.devices=8"]) == 0
    (eight, *_), (sixteen, *_) = found = rows(capsys.readouterr().out)
    assert (eight, sixteen) == ("8", "16")
    assert [row[2] for row in found] == ["32", "16"]
    assert [float(row[3]) for row in found] == [pytest.approx(7.83, abs=0.01), pytest.approx(34.05, abs=0.01)]


def test_lazy_regularisation_counts_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for interval in (1, 16):
        words = ["benchmark", "model=stylegan", "model.resolution=8", f"model.r1_interval={interval}", "--flops"]
        assert main(words) == 0
        found.append(float(rows(capsys.readouterr().out)[0][3]))
    assert found == [pytest.approx(7.83, abs=0.01), pytest.approx(6.46, abs=0.01)]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--against-bare-loop"], "no other order of passes"),
        (["trainer.devices=512", "--flops"], "no picture of 4 px is left for a device: set model.schedule.batches"),
    ],
)
def test_mistakes(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "model=progan", *SMALL, *BATCHES, *words]) == 1
    assert line in capsys.readouterr().err
