from gan_zoo.cli.proof.page import page
from gan_zoo.cli.proof.plan import Trial
from gan_zoo.cli.proof.runner import Result
from gan_zoo.cli.proof.verdict import Check, Verdict


def result(value: float, without: str = "", died: str = "") -> Result:
    verdict = (
        {} if died else Verdict([Check("L1", value, 0.5, "half of identity's")], {"psnr": 20.0}, [], ["output"]).plain()
    )
    name = "pix2pix_control" if without else "pix2pix"
    return Result(Trial(name, "pix2pix", "paired", without=without), 90.0, verdict, died, judging=6.0)


def test_what_learned_and_what_did_not() -> None:
    text = page([result(0.4), result(0.9, without="labels")], "2 trainings", "img")
    recipe = "world_layouts at 128 px, ngf 16, ndf 16, test_time_noise False, rate 0.001, 1,500 iterations of 2"
    assert f"| pix2pix | 0 | {recipe} | 1.5 + 0.1 | learned |" in text
    assert f"| pix2pix, without labels | 0 | {recipe} | 1.5 + 0.1 | fails, as it must |" in text
    assert "| pix2pix | L1 | 0.4 | ≤ 0.5 | half of identity's |" in text
    assert "**0.9**" in text
    assert "![pix2pix: output](img/pix2pix.jpg)" in text
    assert "psnr 20" in text


def test_bad_news_stand_out() -> None:
    text = page(
        [result(0.9), result(0.4, without="labels"), result(0, died="ended with status 1: no memory")], "", "img"
    )
    assert "**not learned**" in text
    assert "**learned all the same**" in text
    assert "**died**: ended with status 1: no memory" in text
