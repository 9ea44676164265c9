"""``gan-zoo data list|download|check|show``: the data sets known by name, any folder's state, and what it holds."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gan_zoo.cli.arguments import Parser
from gan_zoo.errors import UserError


def main(argv: Sequence[str]) -> int:
    """List, fetch, check or show; 1 where a check found something wrong.

    Raises:
        UserError: an unknown name; a download that failed; a folder that is not there.
    """
    parser = Parser(prog="gan-zoo data", description="Data sets: list, download, check, show.")
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="list|download|check|show", parser_class=Parser
    )
    actions.add_parser("list", help="the data sets known by name")
    download = actions.add_parser("download", help="fetch one (resumed where it broke off)")
    download.add_argument("name")
    download.add_argument("--root", metavar="DIR", help="where data sets lie; default: $GAN_ZOO_DATA, else ./datasets")
    check = actions.add_parser("check", help="layout, unreadable files, sizes, pairs that do not match")
    check.add_argument("name", help="a data set's name, or a folder")
    show = actions.add_parser("show", help="samples on one picture, as a model sees them")
    show.add_argument("name", help="a choice of data=, such as world_faces; paired data.root=DIR for a folder")
    show.add_argument("overrides", nargs="*", metavar="data.KEY=VALUE", help="its options")
    show.add_argument("--output", type=Path, metavar="PNG", default=Path("sheet.png"), help="default: sheet.png")
    show.add_argument("--count", type=int, default=8, metavar="N", help="samples; default: 8")
    show.add_argument("--split", choices=("train", "val", "test"), default="test", help="default: test")
    args = parser.parse_args(list(argv))
    if args.action == "list":
        return _list()
    if args.action == "show":
        return _show(args)
    return _download(args.name, args.root) if args.action == "download" else _check(args.name)


def _list() -> int:
    from gan_zoo.data import registry

    for entry in registry.entries():
        print(entry.line())
    return 0


def _show(args: argparse.Namespace) -> int:
    from gan_zoo.cli.show import show

    if args.count < 1:
        raise UserError(f"--count {args.count}: at least one sample")
    print(show(args.name, args.overrides, args.output, args.count, args.split))
    return 0


def _download(name: str, root: str | None) -> int:
    from gan_zoo.data import download

    meter = Meter()
    folder = download.fetch(name, root, progress=meter, say=print)
    meter.end()
    print(f"{folder}: use it with data={name}{'' if root is None else f' data.root={folder}'}")
    return 0


def _check(name: str) -> int:
    from gan_zoo.data import check, registry

    entry = registry.known(name)
    if entry is not None and entry.world is not None and not Path(name).is_dir():
        print(f"{name} is drawn as it is asked for: there are no files to check")
        return 0
    if entry is not None and not Path(name).is_dir():
        report = check.check(registry.locate(name), entry.dataset, entry.checksums)
    else:
        report = check.check(name)
    print("\n".join(report.lines))
    return 0 if report.ok else 1


class Meter:
    """Progress of a download: one line on a terminal, nothing in a log."""

    def __init__(self) -> None:
        self.shown = -1

    def __call__(self, done: int, total: int | None) -> None:
        """``done`` bytes of ``total`` (None: not known)."""
        if not sys.stderr.isatty() or done >> 20 == self.shown:
            return
        self.shown = done >> 20
        print(f"\r{done / 1e6:.0f} MB{f' of {total / 1e6:.0f}' if total else ''}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self.shown >= 0:
            print(file=sys.stderr)
