"""``gan-zoo import MODEL FILES… --option key=value``: a reference implementation's weights as a checkpoint of ours."""

import argparse
import pickle
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.cli.arguments import Parser
from gan_zoo.errors import UserError, nearest

if TYPE_CHECKING:
    from gan_zoo.training.module import GANModule

EXAMPLES = """\
  gan-zoo import pix2pix facades_label2photo/latest_net_G.pth
  gan-zoo import cyclegan run/latest_net_G_A.pth run/latest_net_G_B.pth run/latest_net_D_A.pth run/latest_net_D_B.pth
  gan-zoo import cyclegan horse2zebra_pretrained/latest_net_G.pth         (one direction: ab)
  gan-zoo import pix2pixhd label2city_1024p/latest_net_G.pth --option netG=local --option ngf=32
  gan-zoo import pix2pix G=weights.pth --option netG=unet_128 --option ngf=32
  gan-zoo import bicyclegan edges2shoes_net_G.pth edges2shoes_net_E.pth --option input_nc=1
  gan-zoo import munit gen_01000000.pt dis_01000000.pt                    (both domains in each file; or gen alone)
  gan-zoo import ugatit selfie2anime_params_latest.pt                     (all networks in one file)
  gan-zoo import stylegan karras2019stylegan-ffhq-1024x1024.pkl           (official pickles; nothing in them is run)
  gan-zoo import stylegan Gs=generator.npz D=discriminator.npz            (arrays by TensorFlow's names)
  gan-zoo import stylegan train_step-6.model                              (a common PyTorch port; step 6 is 256 px)"""

GROWING = ("progan", "stylegan")


def main(argv: Sequence[str]) -> int:
    """Import and save.

    Raises:
        UserError: an unreadable file, unknown option, weights that do not fit.
    """
    args = _parse(argv)
    if args.model in GROWING:
        return _growing(args)
    named = [network(word, args.model) for word in args.files]
    if len({name for name, _ in named}) < len(named):
        raise UserError("two files are for one network: name them as NETWORK=FILE")
    model = convert(args.model, dict(options(args.option)), dict(named))
    target = _target(args, named[0][1].parent.name)
    save(model, target)
    print(f"{target}: {type(model).__name__} with {', '.join(name for name, _ in named)} of the reference")
    return 0


def _growing(args: argparse.Namespace) -> int:
    """ProGAN and StyleGAN, whose files hold several networks and say what they are."""
    from gan_zoo.interop.official import from_files

    files = [_labelled(word) for word in args.files]
    target = _target(args, files[0][1].stem)
    model = from_files(args.model, files, dict(options(args.option)))
    save(model, target)
    print(f"{target}: {type(model).__name__} of {', '.join(path.name for _, path in files)}")
    return 0


def _labelled(word: str) -> tuple[str | None, Path]:
    name, equals, path = word.partition("=")
    return (name, Path(path)) if equals and re.fullmatch(r"[A-Za-z]\w*", name) else (None, Path(word))


def _target(args: argparse.Namespace, name: str) -> Path:
    """The checkpoint to write, which is new or to be replaced.

    Raises:
        UserError: it is neither.
    """
    target = Path(args.output or f"{args.model}-{name or 'imported'}.ckpt")
    if target.exists() and not args.force:
        raise UserError(f"{target} exists: --force replaces it, --output names another file")
    return target


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog="gan-zoo import",
        description="Weights of a reference implementation as a checkpoint.",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("model", help="pix2pix, cyclegan, bicyclegan, unit, munit, sa_munit, ugatit, progan, stylegan")
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="*_net_<NETWORK>.pth, gen_*.pt, dis_*.pt, *_params_*.pt, *.pkl, *.npz, or NETWORK=FILE",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what the reference was trained with, in its names",
    )
    parser.add_argument("--output", metavar="CKPT", help="default: MODEL-<folder of the first file>.ckpt")
    parser.add_argument("--force", action="store_true", help="replace an existing output")
    return parser.parse_args(list(argv))


def network(word: str, model: str) -> tuple[str, Path]:
    """Which of the reference's networks a file holds, by ``NETWORK=FILE`` or the reference's file name.

    Raises:
        UserError: the name does not say.
    """
    name, equals, path = word.partition("=")
    prefix = "net" if model == "pix2pixhd" else ""  # the names of its state dicts: netG, netD, netE
    if equals and re.fullmatch(r"[A-Za-z]\w*", name):
        return f"{prefix}{name}" if len(name) == 1 else name, Path(path)
    if found := re.search(r"_net_([A-Z]\d?(?:_[A-Z])?)", Path(word).name):
        # Published one-direction models hold netG_A alone and call it G.
        one_way = model == "cyclegan" and len(found[1]) == 1
        return f"{found[1]}_A" if one_way else f"{prefix}{found[1]}", Path(word)
    if nested := re.match(r"(gen|dis)_\d+\.", Path(word).name):
        return nested[1], Path(word)
    if re.search(r"_params_(\d+|latest)\.pt$", Path(word).name):
        return "params", Path(word)
    raise UserError(f"{word} does not say which network it holds: write NETWORK=FILE, for example G={word}")


def options(words: Sequence[str]) -> list[tuple[str, Any]]:
    """``key=value`` pairs with values as Python reads them (numbers, True, None), else as text.

    Raises:
        UserError: a word without ``=``.
    """
    from ast import literal_eval

    pairs: list[tuple[str, Any]] = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise UserError(f"--option {word}: write key=value")
        try:
            value = literal_eval({"true": "True", "false": "False", "null": "None"}.get(text, text))
        except (ValueError, SyntaxError):
            value = text
        pairs.append((key, value))
    return pairs


def convert(name: str, chosen: dict[str, Any], files: dict[str, Path]) -> "GANModule":
    """The model that the reference builds under these options, with the files' weights.

    Raises:
        UserError: see ``main``.
    """
    import torch

    from gan_zoo.interop import from_reference, reference_networks

    with torch.device("meta"):  # names alone: the networks may be of gigabytes
        known = reference_networks(from_reference(name, chosen, {}))
    several = _several(name, known)
    for net in files:
        if net not in known and net not in several:
            raise UserError(f"the reference of {name} has no network {net!r}{nearest(net, {*known, *several})}")
    return from_reference(name, chosen, {net: read(path, several.get(net, ())) for net, path in files.items()})


def _several(name: str, known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The state dicts in files of several: a kind of network for both domains, or all networks of a run."""
    found = {net.removesuffix("_a"): ("a", "b") for net in known if net.endswith("_a")}
    return found | ({"params": tuple(known)} if name == "ugatit" else {})


def read(path: Path, several: Sequence[str] = ()) -> dict[str, Any]:
    """A reference's state dict, or of ``several`` networks by their names, without running code that the file may hold.

    Raises:
        UserError: missing, truncated, pickled code, or not a state dict.
    """
    import torch

    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} is no weights file, or holds pickled code, which is never run: save its state_dict alone"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} is truncated or no weights file: {str(error).splitlines()[0]}") from error
    if several and not (isinstance(state, dict) and _fits(state, several) and all(map(_is_state, state.values()))):
        raise UserError(f"{path} does not hold the state dicts of {', '.join(several)}, as the reference's files do")
    if not several and not _is_state(state):
        raise UserError(f"{path} is not a state dict (names with tensors): the reference saves one file a network")
    return dict(state)


def _fits(state: dict[str, Any], several: Sequence[str]) -> bool:
    """All of two domains, or some of a run's networks: published files may leave the discriminators out."""
    return set(state) == set(several) or (len(several) > 2 and bool(state) and set(state) <= set(several))


def _is_state(state: Any) -> bool:
    import torch

    return isinstance(state, dict) and all(isinstance(value, torch.Tensor) for value in state.values())


def save(model: "GANModule", path: Path) -> None:
    """A checkpoint that ``gan_zoo.load`` and ``load_from_checkpoint`` read.

    Raises:
        UserError: the file cannot be written.
    """
    import lightning

    from gan_zoo.training.checkpoint_io import write
    from gan_zoo.training.resume import KEY

    content: dict[str, Any] = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": lightning.__version__,
        "epoch": 0,
        "global_step": 0,
    }
    about = {"model": model.description(), "images_seen": 0, "schedule": model.schedule.state_dict()}
    content[KEY] = about | {"world_size": 0, "ranks": []}  # no process has trained it: there is nothing to resume
    write(content, path)
