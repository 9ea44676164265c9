"""The unpickler that runs nothing: what it reads, and what it refuses."""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_zoo.errors import UserError
from gan_zoo.interop.pickled import options, read_arrays, read_pickle
from tests.unit.interop.official_files import STYLE, TINY, arrays, network, official, write

MODULE = "dnnlib.tflib.network"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_variable_under_its_full_name(tmp_path: Path, protocol: int) -> None:
    states = write(tmp_path / "a.pkl", "stylegan", TINY | STYLE, MODULE, protocol)
    found = read_pickle(tmp_path / "a.pkl")
    assert list(found) == ["G", "D", "Gs"]
    for net, state in states.items():
        assert found[net].options == TINY | STYLE
        for key, value in state.items():
            np.testing.assert_array_equal(found[net].variables[key], value)
        assert set(found[net].variables) - set(state) <= {"lod", "G_synthesis/lod", "G_mapping/lod"}


def test_arrays_in_other_orders_and_kinds(tmp_path: Path) -> None:
    values = {
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "turned": np.arange(24.0).reshape(2, 3, 4).transpose(1, 2, 0),
        "backwards": np.arange(3, dtype=">i4"),
        "half": np.ones(2, np.float16),
        "truth": np.array([True, False]),
        "number": np.float64(2.5),
    }
    for protocol in (2, 5):
        with official() as kind:
            (tmp_path / "a.pkl").write_bytes(pickle.dumps(network(kind, {}, values), protocol))
        found = read_pickle(tmp_path / "a.pkl")["Gs"].variables
        for key, value in values.items():
            np.testing.assert_array_equal(found[key], value)


class Malicious:
    """Leaves a folder behind where it is unpickled."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call, self.arguments


@pytest.mark.parametrize("place", ["alone", "array", "option", "source"])
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, place: str) -> None:
    harm = Malicious(os.mkdir, str(tmp_path / "harm"))
    with official() as kind:
        made = network(kind, {"resolution": harm} if place == "option" else {}, {})
        if place == "array":
            made.holds["variables"] = [("x", harm)]
        if place == "source":
            made.holds["build_module_src"] = harm
        (tmp_path / "a.pkl").write_bytes(pickle.dumps(harm if place == "alone" else made))
    with pytest.raises(UserError, match=r"nothing in it was run: it names \w+\.mkdir") as caught:
        read_pickle(tmp_path / "a.pkl")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (b"cbuiltins\neval\n(S'1'\ntR.", "it names builtins.eval"),
        (b"cnumpy\nload\n(S'x'\ntR.", "it names numpy.load"),
        (b"\x80\x04\x8c\x05numpy\x8c\x12ndarray.__reduce__\x93.", "it names numpy.ndarray.__reduce__"),
        (b"c__main__\nx\n.", "it names __main__.x"),
        (b"I1\n.", "something else than networks"),
        (b"\x80\x04P1\n.", "persistent"),
    ],
)
def test_programs_by_hand_are_refused(tmp_path: Path, program: bytes, reason: str) -> None:
    (tmp_path / "a.pkl").write_bytes(program)
    with pytest.raises(UserError, match=reason):
        read_pickle(tmp_path / "a.pkl")


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    with official() as kind:
        (tmp_path / "a.pkl").write_bytes(pickle.dumps(network(kind, {}, {"x": np.array([{}], dtype=object)})))
    with pytest.raises(UserError, match="which are no numbers"):
        read_pickle(tmp_path / "a.pkl")


def test_truncated_missing_and_strange_files(tmp_path: Path) -> None:
    write(tmp_path / "a.pkl", "progan", TINY, "tfutil")
    whole = (tmp_path / "a.pkl").read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "b.pkl").write_bytes(whole[:cut])
        with pytest.raises(UserError) as caught:
            read_pickle(tmp_path / "b.pkl")
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no such file"):
        read_pickle(tmp_path / "c.pkl")


def test_npz_files_of_one_network_and_of_several(tmp_path: Path) -> None:
    states = arrays("stylegan", TINY | STYLE)
    np.savez(tmp_path / "g.npz", **states["Gs"])
    np.savez(tmp_path / "d.npz", **states["D"])
    np.savez(tmp_path / "all.npz", **{f"{net}/{key}": v for net, state in states.items() for key, v in state.items()})
    assert list(read_arrays(tmp_path / "g.npz")) == ["Gs"]
    assert list(read_arrays(tmp_path / "g.npz", "G")) == ["G"]
    assert list(read_arrays(tmp_path / "d.npz")) == ["D"]
    found = read_arrays(tmp_path / "all.npz")
    assert {net: set(stored.variables) for net, stored in found.items()} == {n: set(s) for n, s in states.items()}


def test_npz_files_with_objects_or_of_nothing_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([Malicious(os.mkdir, str(tmp_path / "harm"))], dtype=object))
    for content in (buffer.getvalue(), buffer.getvalue()[:50], b""):
        (tmp_path / "a.npz").write_bytes(content)
        with pytest.raises(UserError, match=r"a\.npz is no \.npz of arrays"):
            read_arrays(tmp_path / "a.npz")
    assert not (tmp_path / "harm").exists()
    with pytest.raises(UserError, match="no such file"):
        read_arrays(tmp_path / "b.npz")


def test_shapes_say_options() -> None:
    state = arrays("stylegan", TINY | STYLE | {"resolution": 16, "fmap_base": 64, "use_noise": False})
    found = options(state["G"])
    expected = TINY | STYLE | {"resolution": 16, "fmap_base": 64, "use_noise": False}
    assert {key: found[key] for key in expected if key != "fmap_base"} == {
        key: value for key, value in expected.items() if key != "fmap_base"
    }
    assert options(state["D"]).keys() == {"resolution", "num_channels", "fmap_max", "fmap_base"}
