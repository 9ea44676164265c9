import re

import pytest

from gan_zoo.cli import main

NARROW = ["model.generator.n_downs=4", "model.generator.ngf=4", "model.discriminator.ndf=4", "trainer=cpu"]
BRIEF = ["--iterations", "2", "--warmup", "1"]


def test_noise_of_the_papers_size_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "model=pix2pix", "data.crop_size=32", *NARROW, *BRIEF]) == 0
    said = capsys.readouterr().out
    assert "Pix2Pix, noise: batch 1 of 3x32x32 and 3x32x32, 32-true on CPU" in said
    for pattern in (
        r"speed +\d+\.\d+ images/s",
        r"data \d.*forward \d.*backward \d.*step \d",
        r"operations +\d\.\d+ GFLOP",
    ):
        assert re.search(pattern, said), pattern
    assert re.search(r"memory +\d{2,} MiB", said)


def test_real_data(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", *small, *BRIEF]) == 0
    assert "Pix2Pix, paired: batch 1 of 3x32x32" in capsys.readouterr().out


def test_against_the_references_order(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["model=cyclegan", "model/generator=resnet_6", "data.crop_size=32", *NARROW[1:]]
    assert main(["benchmark", *small, *BRIEF, "--pairs", "3", "--against-reference-order"]) == 0
    found = re.search(r"pass order: (\S+) \(median of (\S+) (\S+) (\S+); 2 iterations each\)", capsys.readouterr().out)
    assert found
    median, *ratios = map(float, found.groups())
    assert median == sorted(ratios)[1]


def test_against_a_bare_loop(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", *small, *BRIEF, "--pairs", "1", "--against-bare-loop"]) == 0
    found = re.search(r"with the framework / bare loop: (\S+) ", capsys.readouterr().out)
    assert found
    assert 0.1 < float(found[1]) < 30


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["model=pix3pix"], "did you mean pix2pix"),
        (["--iterations", "0"], "--iterations and --pairs are at least 1"),
        (["--fast"], "there is no option --fast"),
    ],
)
def test_mistakes(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", *words]) == 1
    assert line in capsys.readouterr().err
