"""Networks in the pickles of the official ProGAN and StyleGAN, read without running anything that a file names.

A pickle is a program that calls what it names. Here every name that may occur stands for something of this file, which
keeps what it is given; any other name ends the reading. The source text that the networks carry is not looked at.
References: NVlabs/stylegan @ 1e0d5c7 (``dnnlib.tflib.network.Network``), tkarras/progressive_growing_of_gans @ 2504c3f
(``tfutil.Network``).
"""

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gan_zoo.errors import UserError

NUMBERS = frozenset(f"{kind}{size}" for kind, sizes in (("f", "248"), ("i", "1248"), ("u", "1248")) for size in sizes)
NETWORKS = ("G", "D", "Gs")


class Stored(NamedTuple):
    """A network in a file: its options by the reference's names, and its variables by TensorFlow's."""

    options: dict[str, Any]
    variables: dict[str, npt.NDArray[Any]]


class _Network:
    """What a network was pickled with."""

    def __init__(self, *_: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("a network without names")
        self.state = state


class _Options(dict[str, Any]):
    """dnnlib's EasyDict."""

    def __setstate__(self, state: Any) -> None:
        """There is nothing beside the items."""


class _Kind:
    """A dtype of plain numbers."""

    def __init__(self, name: Any = "", *_: Any) -> None:
        self.name, self.order = name, "<"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1] if state[1] in ("<", ">") else "<"

    def numbers(self, data: Any) -> npt.NDArray[Any]:
        """Bytes as numbers."""
        if self.name == "b1":
            return np.frombuffer(_raw(data), np.uint8).astype(bool)
        if self.name not in NUMBERS:
            raise pickle.UnpicklingError(f"an array of {self.name!r}, which are no numbers")
        return np.frombuffer(_raw(data), np.dtype(f"{self.order}{self.name}")).astype(f"={self.name}")


class _Array:
    """An array before it has its numbers: what NumPy's ``_reconstruct`` makes."""

    def __init__(self, *_: Any) -> None:
        self.value: npt.NDArray[Any] = np.empty(0)

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, columns, data = state
        self.value = kind.numbers(data).reshape(shape, order="F" if columns else "C")


def _raw(data: Any) -> bytes:
    return data.encode("latin1") if isinstance(data, str) else bytes(memoryview(data))


def _encoded(text: Any, _: Any = None) -> bytes:
    return _raw(str(text))


def _from_buffer(data: Any, kind: Any, shape: Any, order: Any = "C", axes: Any = None) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, kind, order == "F", data))
    if axes is not None:
        array.value = array.value.transpose(axes)
    return array


def _scalar(kind: Any, data: Any = b"") -> Any:
    return kind.numbers(data)[0].item()


# All that may be named, and what it stands for.
_NAMES: dict[tuple[str, str], Any] = {
    **dict.fromkeys((("dnnlib.tflib.network", "Network"), ("tfutil", "Network")), _Network),
    **dict.fromkeys((("dnnlib.util", "EasyDict"), ("dnnlib", "EasyDict"), ("config", "EasyDict")), _Options),
    ("collections", "OrderedDict"): _Options,
    ("numpy", "dtype"): _Kind,
    ("numpy", "ndarray"): _Array,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    ("_codecs", "encode"): _encoded,
}


class _Reader(pickle.Unpickler):
    """Finds the names of ``_NAMES`` alone, and imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for."""
        if (module, name) not in _NAMES:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _NAMES[module, name]


def read_pickle(path: Path) -> dict[str, Stored]:
    """The networks G, D and Gs of an official pickle.

    Raises:
        UserError: it is missing, truncated, no such pickle, or names anything but arrays and networks.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            found = _Reader(file, encoding="latin1").load()
        networks = found if isinstance(found, tuple | list) else (found,)
        names = NETWORKS if len(networks) == 3 else NETWORKS[2:]
        return {name: _stored(network) for name, network in zip(names, networks, strict=True)}
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} is none of the official files of ProGAN and StyleGAN, and nothing in it was run: {error}"
        ) from error
    except Exception as error:  # a damaged program may fail anywhere
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is truncated or none of the official files: {reason}") from error


def _stored(network: Any) -> Stored:
    if not isinstance(network, _Network) or "variables" not in network.state:
        raise pickle.UnpicklingError("it holds something else than networks with variables")
    options = network.state.get("static_kwargs", {})
    return Stored({str(key): _plain(value) for key, value in options.items()}, dict(_variables(network)))


def _variables(network: _Network, prefix: str = "") -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Own variables, and those of the components behind their names."""
    for name, value in network.state["variables"]:
        yield f"{prefix}{name}", np.asarray(_plain(value))
    components: Mapping[str, _Network] = network.state.get("components", {})
    for component in components.values():
        yield from _variables(component, f"{component.state['name']}/")


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, _Array) else value


def read_arrays(path: Path, label: str | None = None) -> dict[str, Stored]:
    """The networks in an ``.npz`` of TensorFlow's names: of one network, or each behind its own, ``Gs/lod``.

    Args:
        path: of the file.
        label: the network that it holds, where it is one; None: its names say.

    Raises:
        UserError: it is missing, truncated or no such file.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:  # not a zip file, pickled objects, cut off
        raise UserError(f"{path} is no .npz of arrays: {str(error).splitlines()[0]}") from error
    if {key.partition("/")[0] for key in arrays} <= set(NETWORKS):
        found: dict[str, Stored] = {}
        for key, value in arrays.items():
            name, _, rest = key.partition("/")
            found.setdefault(name, Stored({}, {})).variables[rest] = value
        return found
    judges = any(key.startswith("FromRGB") for key in arrays)
    return {label or ("D" if judges else "Gs"): Stored({}, arrays)}


def options(variables: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """What the shapes of a network's variables say of its options."""
    sides = [int(part.split("x")[0]) for key in variables for part in key.split("/") if _is_size(part)]
    found: dict[str, Any] = {"resolution": max(sides)} if sides else {}
    shapes = {key.removeprefix("G_synthesis/"): value.shape for key, value in variables.items()}
    for key in ("ToRGB_lod0/weight", "FromRGB_lod0/weight"):
        if key in shapes:
            found["num_channels"] = shapes[key][-1 if key.startswith("To") else -2]
    if sides and "4x4/Conv/weight" in shapes:
        most, finest = shapes["4x4/Conv/weight"][-1], shapes.get("ToRGB_lod0/bias") and shapes["ToRGB_lod0/weight"][2]
        finest = finest or shapes["FromRGB_lod0/weight"][3]
        found |= {"fmap_max": most, "fmap_base": finest * (max(sides) // 2)}
    if "G_mapping/Dense0/weight" in shapes:
        found |= _mapping(shapes)
        found["use_noise"] = "4x4/Conv/Noise/weight" in shapes
    return found


def _mapping(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    layers = sum(key.startswith("G_mapping/Dense") and key.endswith("/weight") for key in shapes)
    labels = shapes.get("G_mapping/LabelConcat/weight", (0, 0))
    first, last = shapes["G_mapping/Dense0/weight"], shapes[f"G_mapping/Dense{layers - 1}/weight"]
    return {
        "mapping_layers": layers,
        "latent_size": first[0] - labels[1],
        "label_size": labels[0],
        "mapping_fmaps": first[1],
        "dlatent_size": last[1],
    }


def _is_size(part: str) -> bool:
    side = part.split("x")[0]
    return side.isdecimal() and part == f"{side}x{side}"
