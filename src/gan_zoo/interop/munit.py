"""NVlabs/MUNIT @ a82e222b and itsss/img2img_sa @ 16e3b825: their options, networks' keys, checkpoints.

Both hold a MUNIT and a UNIT trainer. Files nest one state dict a domain: ``gen_*.pt`` and ``dis_*.pt`` are {"a", "b"}.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError, nearest
from gan_zoo.interop import state
from gan_zoo.interop.networks import matched, named, rename
from gan_zoo.interop.options import choose
from gan_zoo.layers.adain import SampleNorm
from gan_zoo.layers.blocks import ConvBlock
from gan_zoo.layers.init import Initialisation, Kaiming, Normal, Orthogonal, Untouched, Xavier
from gan_zoo.layers.norm import batch_norm, instance_norm, no_norm
from gan_zoo.layers.spectral import SpectralConv2d
from gan_zoo.losses.adversarial import LeastSquares, Vanilla
from gan_zoo.models.munit import MUNIT
from gan_zoo.models.sa_munit import SAMUNIT
from gan_zoo.models.unit import UNIT
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import AutoEncoder, StridedPatch, StyleAutoEncoder
from gan_zoo.networks.vgg import CaffeVGG16
from gan_zoo.training.module import GANModule
from gan_zoo.training.schedules import Constant, Halving

MODELS: dict[str, Callable[..., GANModule]] = {"munit": MUNIT, "unit": UNIT, "sa_munit": SAMUNIT}
ROLES = {"gen": "generator", "dis": "discriminator"}


# The options of the shipped configurations: the code itself has no defaults.
_COMMON: dict[str, Any] = {
    **{"init": "kaiming", "lr": 1e-4, "beta1": 0.5, "beta2": 0.999, "weight_decay": 1e-4},
    **{"lr_policy": "step", "step_size": 100_000, "gamma": 0.5, "gan_w": 1, "recon_x_w": 10, "vgg_w": 0},
    **{"input_dim_a": 3, "input_dim_b": 3},
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "munit": _COMMON | {"recon_s_w": 1, "recon_c_w": 1, "recon_x_cyc_w": 0},
    "unit": _COMMON | {"recon_kl_w": 0.01, "recon_x_cyc_w": 10, "recon_kl_cyc_w": 0.01, "recon_h_w": 0},
    "sa_munit": _COMMON | {"recon_s_w": 1, "recon_c_w": 1, "recon_x_cyc_w": 10},
}
_GEN = {"dim": 64, "activ": "relu", "n_downsample": 2, "n_res": 4, "pad_type": "reflect"}
_STYLE = {"mlp_dim": 256, "style_dim": 8}
_DIS = {
    **{"dim": 64, "norm": "none", "activ": "lrelu", "n_layer": 4, "gan_type": "lsgan", "num_scales": 3},
    "pad_type": "reflect",
}
# Options of a run or a data set, which make no difference to the model.
_RUN = frozenset(
    (
        *("image_save_iter", "image_display_iter", "display_size", "snapshot_save_iter", "log_iter", "max_iter"),
        *("batch_size", "data_root", "num_workers", "new_size", "new_size_a", "new_size_b", "crop_image_height"),
        *("crop_image_width", "vgg_model_path", "data_folder_train_a", "data_list_train_a", "sample_order"),
        *("data_folder_train_b", "data_folder_test_a", "data_folder_test_b", "data_list_train_b", "data_list_test_a"),
        "data_list_test_b",
    )
)

_ACTIVATIONS = {
    "relu": partial(nn.ReLU, inplace=True),
    "lrelu": partial(nn.LeakyReLU, 0.2, inplace=True),
    "prelu": nn.PReLU,
    "selu": partial(nn.SELU, inplace=True),
    "tanh": nn.Tanh,
    "none": nn.Identity,
}
_PADS = {"reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d, "zero": nn.ZeroPad2d}
_NORMS = {"none": no_norm, "bn": batch_norm, "in": instance_norm, "ln": SampleNorm, "sn": no_norm}
_CONVS = {"sn": SpectralConv2d}
_GAMES = {"lsgan": LeastSquares, "nsgan": Vanilla}
_INITS: dict[str, Initialisation] = {
    "kaiming": Kaiming(norms=False),
    "gaussian": Normal(0.02, norms=False),
    "xavier": Xavier(2**0.5, norms=False),
    "orthogonal": Orthogonal(2**0.5, norms=False),
    "default": Untouched(),
}


def from_reference(name: str, options: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]]) -> GANModule:
    """See ``gan_zoo.interop.from_reference``; a network's own options stand under ``gen`` and ``dis``."""
    weights = _by_domain(weights)  # "vgg" among them is the network of the perceptual term
    chosen = _checked(name, options)
    single = _single(weights)
    model = _build(name, chosen)
    if single:
        rename(model, dict.fromkeys(weights, f"{single}_a"))
    if judge := weights.pop("vgg", None):
        model.perceptual.fill(judge)  # type: ignore[union-attr, operator]  # a Judge
    for label, net, given in matched(name, reference_networks(model), weights):
        state.load(net, layer_paths(net), given, label)
    return model


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """See ``gan_zoo.interop.reference_networks``."""
    networks: dict[str, nn.Module] = {
        f"{short}_{d}": getattr(model, player)[d] for short, player in ROLES.items() for d in "ab"
    }
    return named(model, networks)


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """See ``gan_zoo.interop.to_reference``."""
    return {name: state.save(net, layer_paths(net)) for name, net in reference_networks(model).items()}


def to_files(model: GANModule) -> dict[str, dict[str, dict[str, Tensor]]]:
    """What the reference's ``gen_*.pt`` and ``dis_*.pt`` hold, by short names: {"a": state dict, "b": state dict}.

    ``torch.save(to_files(model)["gen"], "gen_00000001.pt")`` writes a file that the reference loads.
    """
    states = to_reference(model)
    return {short: {d: states[f"{short}_{d}"] for d in "ab"} for short in ROLES}


def layer_paths(net: nn.Module) -> state.Paths:
    """(our path, the reference's path) of every layer that has a state, in the reference's order."""
    if isinstance(net, StyleAutoEncoder):
        kinds = ("fc", "activation")  # by turns; of activations PReLU has a state
        mlp = [(f"mlp.{i}", f"mlp.model.{i // 2}.{kinds[i % 2]}") for i in range(len(net.mlp))]
        style = _sequence(net.style_encoder.layers, "style_encoder.layers", "enc_style.model")
        content = _encoder(net.content_encoder, "content_encoder", "enc_content.model")
        return [*style, *content, *_decoder(net.decoder), *mlp]
    if isinstance(net, AutoEncoder):
        return [*_encoder(net.encoder, "encoder", "enc.model"), *_decoder(net.decoder)]
    if isinstance(net, MultiScale):
        scales = enumerate(net.scales)
        return [pair for k, s in scales for pair in _sequence(s.layers, f"scales.{k}.layers", f"cnns.{k}")]
    raise UserError(f"{type(net).__name__} is not a network of the reference of MUNIT and UNIT")


def _encoder(net: Any, ours: str, theirs: str) -> list[tuple[str, str]]:
    blocks = _blocks(net.blocks, f"{ours}.blocks", f"{theirs}.{len(net.layers)}")
    return _sequence(net.layers, f"{ours}.layers", theirs) + blocks


def _decoder(net: Any) -> list[tuple[str, str]]:
    return _blocks(net.blocks, "decoder.blocks", "dec.model.0") + _sequence(
        net.layers, "decoder.layers", "dec.model", first=1
    )


def _blocks(net: Any, ours: str, theirs: str) -> list[tuple[str, str]]:
    pairs = ((i, k, block) for i, pair in enumerate(net.blocks) for k, block in enumerate(pair))
    return [path for i, k, b in pairs for path in _layer(b, f"{ours}.blocks.{i}.{k}", f"{theirs}.model.{i}.model.{k}")]


def _sequence(layers: Any, ours: str, theirs: str, first: int = 0) -> list[tuple[str, str]]:
    numbered = enumerate(layers)
    return [path for i, layer in numbered for path in _layer(layer, f"{ours}.{i}", f"{theirs}.{i + first}")]


def _layer(layer: Any, ours: str, theirs: str) -> list[tuple[str, str]]:
    """A block registers norm, activation and convolution in this order; other layers are themselves."""
    if not isinstance(layer, ConvBlock):
        return [(ours, theirs)]
    conv = f"{theirs}.conv.module" if isinstance(layer.conv, SpectralConv2d) else f"{theirs}.conv"
    names = ((part, f"{theirs}.{part}") for part in ("norm", "activation"))
    return [*((f"{ours}.{part}", their) for part, their in names), (f"{ours}.conv", conv)]


def _by_domain(weights: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The files' nesting, {"gen": {"a": …, "b": …}}, undone."""
    flat: dict[str, Mapping[str, Any]] = {}
    for label, given in weights.items():
        nested = bool(given) and all(isinstance(value, Mapping) for value in given.values())
        flat |= {f"{label}_{domain}": inner for domain, inner in given.items()} if nested else {label: given}
    return flat


def _single(weights: Mapping[str, Any]) -> str | None:
    """The role of a network that comes alone under a name of its own."""
    usual = {f"{short}_{d}" for short in ROLES for d in "ab"}
    if len(weights) != 1 or usual & set(weights):
        return None
    (label,) = weights
    role = label.partition("_")[0]
    return role if role in ROLES else None


def _checked(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    known = _DEFAULTS[name]
    parts = {"gen": _GEN if name == "unit" else _GEN | _STYLE, "dis": _DIS}
    for option in options:
        if option not in known and option not in _RUN and option not in parts and option != "input_dim":
            raise UserError(f"the reference of {name} has no option {option!r}{nearest(option, known)}")
    for part, inner in parts.items():
        for option in options.get(part, {}):
            if option not in inner:
                raise UserError(f"the reference of {name} has no option {part}.{option}{nearest(option, inner)}")
    both = dict.fromkeys(("input_dim_a", "input_dim_b"), options["input_dim"]) if "input_dim" in options else {}
    nested = {part: inner | dict(options.get(part, {})) for part, inner in parts.items()}
    return known | dict(options) | both | nested


def _build(name: str, o: dict[str, Any]) -> GANModule:
    """The model under complete options."""
    g, d = o["gen"], o["dis"]
    style = {key: g[key] for key in _STYLE if key in g}
    encoder = partial(AutoEncoder if name == "unit" else StyleAutoEncoder, **style)
    generator = partial(
        encoder, ngf=g["dim"], n_downs=g["n_downsample"], n_blocks=g["n_res"], **_parts(g["activ"], g["pad_type"])
    )
    judge = {"ndf": d["dim"], "n_layers": d["n_layer"], "norm": choose(_NORMS, d["norm"], "dis.norm")}
    judge |= {"conv": _CONVS.get(d["norm"], nn.Conv2d), **_parts(d["activ"], d["pad_type"])}
    return MODELS[name](
        generator=generator,
        discriminator=partial(MultiScale, n_scales=d["num_scales"], each=StridedPatch, **judge),
        adversarial=choose(_GAMES, d["gan_type"], "dis.gan_type")(),
        channels={"a": o["input_dim_a"], "b": o["input_dim_b"]},
        optimizer=partial(Adam, lr=o["lr"], betas=(o["beta1"], o["beta2"]), weight_decay=o["weight_decay"]),
        schedule=choose(_SCHEDULES, o["lr_policy"], "lr_policy")(o),
        perceptual=CaffeVGG16(),
        **{ours: o[theirs] for theirs, ours in _WEIGHTS.items() if theirs in o},
        init=choose(_INITS, o["init"], "init"),
    )


def _parts(activation: str, pad: str) -> dict[str, Any]:
    return {"activation": choose(_ACTIVATIONS, activation, "activ"), "pad": choose(_PADS, pad, "pad_type")}


_WEIGHTS = {
    **{"gan_w": "lambda_adv", "recon_x_w": "lambda_recon_x", "recon_x_cyc_w": "lambda_cycle"},
    **{"recon_s_w": "lambda_recon_s", "recon_c_w": "lambda_recon_c"},
    **{"recon_kl_w": "lambda_kl", "recon_kl_cyc_w": "lambda_kl_cycle"},
    "vgg_w": "lambda_vgg",
}
_SCHEDULES = {
    "step": lambda o: Halving(o["step_size"], o["gamma"]),
    "constant": lambda o: Constant(),
}
