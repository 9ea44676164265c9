"""``gan-zoo models``: every model with its paper, data, parameters, recipes and parity cases."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from gan_zoo.cli.arguments import Parser
from gan_zoo.cli.compose import Composer, conf_dir, forget
from gan_zoo.cli.fill import LABELS, PICTURES, header

DATA = {LABELS: "labelmaps", PICTURES: "images"}  # what a model's configuration is composed with; else pairs


def main(argv: Sequence[str]) -> int:
    """Print the table."""
    parser = Parser(prog="gan-zoo models", description="Every model of the zoo.")
    parser.add_argument("--config-dir", help="your own groups")
    args = parser.parse_args(list(argv))
    composer = Composer("train", config_dir=args.config_dir)
    try:
        for name in composer.options("model"):
            print("\n".join(entry(composer, name)))
    finally:
        forget()
    return 0


def entry(composer: Composer, name: str) -> list[str]:
    """What is to say about one model."""
    about = header(composer, "model", name)
    found = [name, f"  paper       {about.get('paper', 'not said')}", f"  data        {about.get('data', 'not said')}"]
    counts = ", ".join(f"{player} {count / 1e6:.1f} M" for player, count in parameters(composer, name).items())
    found.append(f"  parameters  {counts}")
    found.append(f"  recipes     {', '.join(recipes(composer, name)) or 'none'}")
    cases = golden_cases(name)
    held = (
        f"{cases} golden cases of the reference, each held by tests/parity" if cases else "cases come with a checkout"
    )
    found.append(f"  parity      {held}")
    return found


def parameters(composer: Composer, name: str) -> dict[str, int]:
    """Numbers of parameters by player, at the paper's widths; nothing is allocated."""
    import torch

    from gan_zoo.cli.runs import build_model

    kind = header(composer, "model", name).get("data", "")
    cfg = composer.compose([f"model={name}", f"data={DATA.get(kind, 'paired')}"])
    with torch.device("meta"):
        model = build_model(cfg.model)
    players: tuple[str, ...] = getattr(model, "players", ())
    return {
        player: sum(p.numel() for p in getattr(model, player).parameters()) for player in sorted(players, reverse=True)
    }


def recipes(composer: Composer, name: str) -> list[str]:
    """The experiments that train this model."""
    found = []
    for group in composer.groups():
        if group.startswith("experiment/"):
            for option in composer.options(group):
                if header(composer, group, option).get("model") == name:
                    found.append(f"{group.partition('/')[2]}/{option}")
    return found


def golden_cases(name: str) -> int:
    """Cases of the reference that lie beside this checkout, or in $GAN_ZOO_GOLDEN; 0 where there are none."""
    folder = Path(os.environ.get("GAN_ZOO_GOLDEN") or conf_dir().parent / "tests" / "golden") / name
    return sum(1 for case in folder.glob("*/case.json") if json.loads(case.read_text(encoding="utf-8")))
