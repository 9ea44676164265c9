import re
from pathlib import Path

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


SCENE = ["data.load_size=64", "data.labels=5", "trainer=cpu"]
THIN = ["model.generator.ngf=4", "model.generator.n_blocks=1", "model.discriminator.ndf=4"]
LABELLED = r"Pix2PixHD, noise: batch 1 of 1x32x64 label and 1x32x64 instance and 3x32x64 image, 32-true on CPU"


def test_label_maps_of_noise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "model=pix2pixhd", "model.lambda_vgg=0", *SCENE, *THIN, *BRIEF]) == 0
    said = capsys.readouterr().out
    assert re.search(LABELLED, said)
    assert re.search(r"speed +\d+\.\d+ images/s[\s\S]*operations +\d\.\d+ GFLOP", said)


def test_an_experiment_without_its_data_is_measured_on_noise(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["benchmark", "experiment=pix2pixhd/cityscapes_512p", *SCENE, *THIN, *BRIEF]
    assert main([*words, "model.lambda_vgg=0"]) == 0
    assert re.search(LABELLED, capsys.readouterr().out)


def test_pictures_in_place_of_label_maps(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["benchmark", "model=pix2pixhd", "model.labels=0", "data.crop_size=32", "trainer=cpu", *THIN, "--flops"])
        == 0
    )
    assert "Pix2PixHD, noise: batch 1 of 3x32x32 and 3x32x32" in capsys.readouterr().out


def test_published_weights_are_needed_for_speed_and_not_for_counting(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["benchmark", "model=pix2pixhd", f"model.vgg.weights={tmp_path / 'vgg19.pth'}", *SCENE, *THIN, *BRIEF]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert re.fullmatch(r"error: there are no weights at .*: name another file, or train .*model.lambda_vgg=0\n", told)
    assert main([*words, "--flops"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"operations +\d+\.\d+ GFLOP an iteration \(batch 1\)", said)
    assert "speed" not in said


def test_batches_that_a_model_can_share(capsys: pytest.CaptureFixture[str]) -> None:
    narrow = ["model.generator.ngf=2", "model.encoder.nef=2", "model.discriminator.ndf=2"]
    assert main(["benchmark", "model=bicyclegan", "data.crop_size=128", "trainer=cpu", *narrow, "--flops"]) == 0
    assert "BicycleGAN, noise: batch 2 of 3x128x128" in capsys.readouterr().out


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
        (["experiment=pix2pixhd/coarse_to_fine"], "has stages, one of which is measured: stage=global or stage=local"),
        (["model=pix2pixhd", "data.load_size=100"], "multiples of 16: change data.load_size=100"),
    ],
)
def test_mistakes(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", *words]) == 1
    assert line in capsys.readouterr().err
