import pytest

from gan_zoo.cli import main
from gan_zoo.cli.guide import fits


def test_help_lists_models_with_the_data_that_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    fitting = {
        name: next(lines[n + 1] for n, line in enumerate(lines) if f"model={name}" in line)
        for name in ("pix2pix", "cyclegan")
    }
    pix2pix, cyclegan = (
        set(line.strip().removeprefix("data=").split(",")) for line in (fitting["pix2pix"], fitting["cyclegan"])
    )
    assert {"facades", "maps", "repair_cc0", "colorize_cc0", "paired"} <= pix2pix
    assert not {"horse2zebra", "unpaired"} & pix2pix
    assert {"horse2zebra", "cat2dog", "unpaired", "maps"} <= cyclegan
    assert not {"colorize", "colorize_cc0", "repair", "repair_cc0"} & cyclegan
    text = "\n".join(lines)
    assert "experiment=cyclegan/{" in text
    assert "ablation=cgan," in text
    assert "resume=true" in text


@pytest.mark.parametrize(
    ("wanted", "kind", "answer"),
    [
        ("pairs", "pairs", True),
        ("pairs", "unpaired", False),
        ("unpaired", "pairs", True),
        ("", "x", True),
        ("pairs", "", True),
    ],
)
def test_fits(wanted: str, kind: str, answer: bool) -> None:
    assert fits(wanted, kind) is answer
