from pathlib import Path

import numpy as np
import pytest
import torch

import gan_zoo
from gan_zoo.cli import main
from gan_zoo.cli.weights import network, options
from gan_zoo.errors import UserError
from gan_zoo.interop import from_reference, to_reference
from gan_zoo.interop.munit import to_files
from gan_zoo.models import CycleGAN, Pix2Pix
from tests.unit.interop import official_files

SMALL = {"netG": "resnet_6blocks", "ngf": 4, "ndf": 4}
WORDS = [f"--option={key}={value}" for key, value in SMALL.items()]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """What a reference's run of four small networks leaves."""
    torch.manual_seed(0)
    state = to_reference(from_reference("cyclegan", SMALL, {}))
    paths = {name: tmp_path / "run" / f"latest_net_{name}.pth" for name in state}
    (tmp_path / "run").mkdir()
    for name, path in paths.items():
        torch.save(dict(state[name]), path)
    return paths


def test_all_networks_of_a_run(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "cyclegan", *map(str, files.values()), *WORDS]) == 0
    assert capsys.readouterr().out.startswith("cyclegan-run.ckpt: CycleGAN with ")
    back = to_reference(gan_zoo.load("cyclegan-run.ckpt"))
    for name, path in files.items():
        written = torch.load(path, weights_only=True)
        assert all(torch.equal(back[name][key], value) for key, value in written.items())
    lightning = CycleGAN.load_from_checkpoint("cyclegan-run.ckpt")
    assert torch.equal(
        lightning.translate(torch.ones(1, 3, 8, 8)), gan_zoo.load("cyclegan-run.ckpt").translate(torch.ones(1, 3, 8, 8))
    )


def test_a_published_one_direction_model(files: dict[str, Path]) -> None:
    published = files["G_A"].rename(files["G_A"].with_name("latest_net_G.pth"))
    assert main(["import", "cyclegan", str(published), *WORDS, "--output", "h.ckpt"]) == 0
    written = torch.load(published, weights_only=True)
    back = to_reference(gan_zoo.load("h.ckpt"))["G_A"]
    assert all(torch.equal(back[key], value) for key, value in written.items())


def test_an_output_is_not_replaced_unasked(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    words = ["import", "cyclegan", str(files["G_A"]), *WORDS, "--output", "x.ckpt"]
    assert main(words) == 0
    assert main(words) == 1
    assert "x.ckpt exists: --force replaces it" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0


def test_mistakes(files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(files["G_A"])
    (tmp_path / "t_net_G_A.pth").write_bytes(files["G_A"].read_bytes()[:3000])
    torch.save({"path": Path("x")}, tmp_path / "p_net_G_A.pth")
    torch.save([torch.ones(1)], tmp_path / "l_net_G_A.pth")
    for words, line in [
        ([good, "--option=ngf=8"], "G_A"),
        ([good, "--option=nfg=4", *WORDS], "no option 'nfg' (did you mean ngf"),
        ([good, "--option=ngf"], "write key=value"),
        ([str(tmp_path / "t_net_G_A.pth"), *WORDS], "truncated"),
        ([str(tmp_path / "p_net_G_A.pth"), *WORDS], "pickled code, which is never run"),
        ([str(tmp_path / "l_net_G_A.pth"), *WORDS], "is not a state dict"),
        (["none_net_G_A.pth", *WORDS], "none_net_G_A.pth: no such file"),
        (["weights.pth", *WORDS], "write NETWORK=FILE"),
        ([good, f"G_A={good}", *WORDS], "two files are for one network"),
        ([f"G_X={good}", *WORDS], "no network 'G_X'"),
    ]:
        assert main(["import", "cyclegan", *words, "--output", "x.ckpt"]) == 1
        said = capsys.readouterr().err
        assert line in said, said
        assert said.count("\n") == 1
        assert not Path("x.ckpt").exists()
    assert main(["import", "pix3pix", good]) == 1
    assert "did you mean pix2pix" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "model", "found"),
    [
        ("a/latest_net_G.pth", "pix2pix", ("G", Path("a/latest_net_G.pth"))),
        ("latest_net_G.pth", "cyclegan", ("G_A", Path("latest_net_G.pth"))),
        ("200_net_D_B.pth", "cyclegan", ("D_B", Path("200_net_D_B.pth"))),
        ("latest_net_D2.pth", "bicyclegan", ("D2", Path("latest_net_D2.pth"))),
        ("maps_net_E.pth", "bicyclegan", ("E", Path("maps_net_E.pth"))),
        ("G_B=x=y.pth", "cyclegan", ("G_B", Path("x=y.pth"))),
        ("run/gen_01000000.pt", "munit", ("gen", Path("run/gen_01000000.pt"))),
        ("run/10_net_E.pth", "pix2pixhd", ("netE", Path("run/10_net_E.pth"))),
        ("G=x.pth", "pix2pixhd", ("netG", Path("x.pth"))),
        ("netD=x.pth", "pix2pixhd", ("netD", Path("x.pth"))),
        ("selfie2anime_params_latest.pt", "ugatit", ("params", Path("selfie2anime_params_latest.pt"))),
        ("model/cat2dog_params_0100000.pt", "ugatit", ("params", Path("model/cat2dog_params_0100000.pt"))),
        ("params=x.pt", "ugatit", ("params", Path("x.pt"))),
        ("genA2B=x.pt", "ugatit", ("genA2B", Path("x.pt"))),
    ],
)
def test_network(word: str, model: str, found: tuple[str, Path]) -> None:
    assert network(word, model) == found


def test_options() -> None:
    words = ["ngf=4", "no_dropout=true", "norm=instance", "x=None", "lr=2e-4", "s=(1"]
    assert options(words) == [
        ("ngf", 4),
        ("no_dropout", True),
        ("norm", "instance"),
        ("x", None),
        ("lr", 2e-4),
        ("s", "(1"),
    ]
    with pytest.raises(UserError, match="write key=value"):
        options(["ngf"])


def test_pix2pix_too(tmp_path: Path) -> None:
    chosen = {"netG": "unet_128", "ngf": 2, "ndf": 2}
    state = to_reference(from_reference("pix2pix", chosen, {}))["G"]
    torch.save(dict(state), tmp_path / "latest_net_G.pth")
    words = [f"--option={key}={value}" for key, value in chosen.items()]
    assert main(["import", "pix2pix", "latest_net_G.pth", *words, "--output", "p.ckpt"]) == 0
    assert isinstance(gan_zoo.load("p.ckpt"), Pix2Pix)


def test_pix2pixhd_in_the_references_files(tmp_path: Path) -> None:
    chosen = {"netG": "local", "label_nc": 4, "ngf": 2, "ndf": 2, "n_downsample_global": 1, "n_blocks_global": 1}
    state = to_reference(from_reference("pix2pixhd", chosen, {}))
    for net in "GD":
        torch.save(dict(state[f"net{net}"]), tmp_path / f"latest_net_{net}.pth")
    words = [f"--option={key}={value}" for key, value in chosen.items()]
    files = ["latest_net_G.pth", "latest_net_D.pth"]
    assert main(["import", "pix2pixhd", *files, *words, "--output", "p.ckpt"]) == 0
    found = to_reference(gan_zoo.load("p.ckpt"))
    assert all(torch.equal(value, found[net][key]) for net in state for key, value in state[net].items())


@pytest.mark.parametrize("nets", [("G", "E"), ("G", "E", "D", "D2")])
def test_bicyclegan_as_published_and_whole(tmp_path: Path, nets: tuple[str, ...]) -> None:
    chosen = {"netG": "unet_128", "netE": "conv_128", "netD": "basic_128_multi", "ngf": 1, "nef": 1, "ndf": 2}
    chosen |= {"netD2": chosen["netD"], "input_nc": 1, "nz": 3}
    states = to_reference(from_reference("bicyclegan", chosen, {}))
    files = [f"maps_net_{net}.pth" for net in nets]
    for net, file in zip(nets, files, strict=True):
        torch.save(dict(states[net]), tmp_path / file)
    words = [f"--option={key}={value}" for key, value in chosen.items()]
    assert main(["import", "bicyclegan", *files, *words, "--output", "b.ckpt"]) == 0
    model = gan_zoo.load("b.ckpt")
    found = to_reference(model)
    assert all(torch.equal(found[net][key], value) for net in nets for key, value in states[net].items())
    assert model.translate(torch.rand(1, 1, 50, 40)).shape == (1, 3, 50, 40)


@pytest.mark.parametrize(
    ("name", "short"), [("munit", ("gen", "dis")), ("unit", ("gen",)), ("sa_munit", ("gen", "dis"))]
)
def test_files_that_hold_both_domains(tmp_path: Path, name: str, short: tuple[str, ...]) -> None:
    chosen = {"gen": {"dim": 2, "n_res": 1}, "dis": {"dim": 4, "num_scales": 1, "n_layer": 2}}
    given = to_files(from_reference(name, chosen, {}))
    files = [f"{part}_00100000.pt" for part in short]
    for part, file in zip(short, files, strict=True):
        torch.save(given[part], tmp_path / file)
    words = [f"--option={key}={value}" for key, value in chosen.items()]
    assert main(["import", name, *files, *words, "--output", "m.ckpt"]) == 0
    found = to_files(gan_zoo.load("m.ckpt"))
    for part in short:
        for d in "ab":
            assert all(torch.equal(found[part][d][key], value) for key, value in given[part][d].items())


def test_mistakes_with_both_domains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"a": {"x": torch.zeros(1)}}, tmp_path / "gen_1.pt")
    assert main(["import", "munit", "gen_1.pt"]) == 1
    assert "does not hold the state dicts of a, b, as the reference's files do" in capsys.readouterr().err
    assert main(["import", "munit", "gem=gen_1.pt"]) == 1
    assert "no network 'gem' (did you mean gen" in capsys.readouterr().err


@pytest.mark.parametrize("light", [False, True])
def test_a_file_that_holds_a_whole_run(tmp_path: Path, light: bool) -> None:
    chosen = {"light": light, "ch": 1, "n_res": 1, "img_size": 16}
    given = to_reference(from_reference("ugatit", chosen, {}))
    torch.save(given, tmp_path / "cats_params_0100000.pt")
    assert main(["import", "ugatit", "cats_params_0100000.pt", "--output", "all.ckpt"]) == 0  # no option is needed
    found = to_reference(gan_zoo.load("all.ckpt"))
    assert all(torch.equal(found[net][key], value) for net in given for key, value in given[net].items())
    torch.save({net: given[net] for net in ("genA2B", "genB2A")}, tmp_path / "generators.pt")
    assert main(["import", "ugatit", "params=generators.pt", "--output", "two.ckpt"]) == 0
    pictures = torch.rand(1, 3, 30, 30)
    both = [gan_zoo.load(name).translate(pictures, "ba") for name in ("all.ckpt", "two.ckpt")]
    assert torch.equal(*both)


def test_mistakes_with_a_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"genA2C": {"x": torch.zeros(1)}}, tmp_path / "cats_params_latest.pt")
    assert main(["import", "ugatit", "cats_params_latest.pt"]) == 1
    assert "does not hold the state dicts of genA2B, genB2A, disGA, disGB, disLA, disLB" in capsys.readouterr().err
    assert main(["import", "ugatit", "parms=cats_params_latest.pt"]) == 1
    assert "no network 'parms' (did you mean params" in capsys.readouterr().err


def test_an_official_pickle_of_stylegan(capsys: pytest.CaptureFixture[str]) -> None:
    states = official_files.write(Path("a.pkl"), "stylegan", official_files.TINY | official_files.STYLE, "tfutil")
    assert main(["import", "stylegan", "a.pkl"]) == 0
    assert capsys.readouterr().out == "stylegan-a.ckpt: StyleGAN of a.pkl\n"
    found = to_reference(gan_zoo.load("stylegan-a.ckpt"))
    assert all((found[net][key].numpy() == value).all() for net in states for key, value in states[net].items())
    assert main(["import", "stylegan", "a.pkl"]) == 1
    assert "stylegan-a.ckpt exists: --force" in capsys.readouterr().err


def test_a_malicious_pickle_is_refused_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.pkl").write_bytes(b"cos\nmkdir\n(S'harm'\ntR.")
    for words in (["a.pkl"], ["G=a.pkl"], ["a.pkl", "--option=lod=1"]):
        assert main(["import", "progan", *words, "--output", "x.ckpt"]) == 1
        said = capsys.readouterr().err
        assert "nothing in it was run: it names os.mkdir" in said
        assert said.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["a.pkl"]


def test_arrays_by_tensorflows_names() -> None:
    states = official_files.arrays("progan", official_files.TINY)
    for net in ("Gs", "D"):
        np.savez(f"{net}.npz", **states[net])
    assert main(["import", "progan", "Gs=Gs.npz", "D=D.npz", "--output", "p.ckpt"]) == 0
    found = to_reference(gan_zoo.load("p.ckpt"))
    assert all((found[net][key].numpy() == states[net][key]).all() for net in ("Gs", "D") for key in states[net])
