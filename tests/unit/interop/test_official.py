"""Models from official files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.interop import to_reference
from gan_zoo.interop.official import from_files
from tests.unit.interop.official_files import STYLE, TINY, arrays, network, official, write


@pytest.mark.parametrize(
    ("name", "module", "options"),
    [("progan", "tfutil", TINY), ("stylegan", "dnnlib.tflib.network", TINY | STYLE)],
)
def test_a_pickle_says_all_of_its_model(tmp_path: Path, name: str, module: str, options: dict[str, Any]) -> None:
    states = write(tmp_path / "a.pkl", name, options, module)
    model: Any = from_files(name, [(None, tmp_path / "a.pkl")], {})
    for net, state in to_reference(model).items():
        assert all(np.array_equal(state[key].numpy(), value) for key, value in states[net].items())
    assert model.lod == 1.0  # as the file's networks: they had not grown whole
    assert model.sample(2).shape == (2, 3, 4, 4)


@pytest.mark.parametrize(("name", "options"), [("progan", TINY), ("stylegan", TINY | STYLE)])
def test_arrays_by_name_say_all_but_labels(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    states = arrays(name, options)
    np.savez(tmp_path / "g.npz", **states["Gs"])
    np.savez(tmp_path / "d.npz", **states["D"])
    model: Any = from_files(name, [("Gs", tmp_path / "g.npz"), (None, tmp_path / "d.npz")], {})
    assert model.lod == 0
    found = to_reference(model)
    for net, like in (("Gs", "Gs"), ("G", "Gs"), ("D", "D")):
        assert all(np.array_equal(found[net][key].numpy(), value) for key, value in states[like].items())
    alone: Any = from_files(name, [(None, tmp_path / "g.npz")], {"lod": 0.5})
    assert alone.sample(1).shape == (1, 3, 8, 8)
    assert sum(p.numel() for p in alone.discriminator.parameters()) < 2000
    judge: Any = from_files(name, [("D", tmp_path / "d.npz")], {})
    assert torch.equal(judge.discriminator.last.weight, model.discriminator.last.weight)


def test_what_no_network_here_has_is_said(tmp_path: Path) -> None:
    import pickle

    states = arrays("stylegan", TINY | STYLE)
    for extra, line in (
        ({"use_wscale": False}, "have use_wscale=False; here it is always True"),
        ({"fmap_bass": 1}, "no option 'fmap_bass'"),
    ):
        with official() as kind:
            networks = tuple(network(kind, TINY | STYLE | extra, states[net], net) for net in ("G", "D", "Gs"))
            (tmp_path / "a.pkl").write_bytes(pickle.dumps(networks))
        with pytest.raises(UserError, match=line):
            from_files("stylegan", [(None, tmp_path / "a.pkl")], {})


def test_mistakes(tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", x=np.ones(1))
    with pytest.raises(UserError, match="no network 'E'"):
        from_files("stylegan", [("E", tmp_path / "g.npz")], {})
    with pytest.raises(UserError, match="do not fit these options"):
        from_files("stylegan", [(None, tmp_path / "g.npz")], TINY)
