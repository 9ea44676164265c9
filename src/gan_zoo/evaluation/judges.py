"""Networks that measures look through: from a file, by download with a checksum, or any module of one's own."""

import hashlib
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.data.transfer import Patience
from gan_zoo.errors import UserError
from gan_zoo.metrics.protocol import Unmeasurable, unit
from gan_zoo.training import weight_files

RELEASES = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0"
INCEPTION = f"{RELEASES}/weights-inception-2015-12-05-6726825d.pth"
TORCHVISION = "https://download.pytorch.org/models"
BACKBONES = {
    "alex": f"{TORCHVISION}/alexnet-owt-7be5be79.pth",
    "vgg": f"{TORCHVISION}/vgg16-397923af.pth",
    "squeeze": f"{TORCHVISION}/squeezenet1_1-b8a52dc0.pth",
}


class Network:
    """A frozen network that is read when it is first needed.

    Raises:
        Unmeasurable: on ``prepare``, where there are no weights, or a package is missing.
    """

    name: str

    def __init__(self) -> None:
        self.network: nn.Module | None = None
        self.print = ""  # of the weights, once they are read

    def prepare(self, device: torch.device) -> None:
        """Read the weights at the first call, and go to the device."""
        if self.network is None:
            network = self.made().requires_grad_(False).eval()
            self.print = fingerprint(network)
            self.network = network
        self.network.to(device)

    def made(self) -> nn.Module:
        """The network with its weights."""
        raise NotImplementedError

    def protocol(self) -> dict[str, Any]:
        """Name and weights."""
        return {"network": self.name, "weights": self.print}

    @property
    def ready(self) -> nn.Module:
        """The network, prepared."""
        assert self.network is not None, "prepare comes first"
        return self.network


class Inception(Network):
    """TensorFlow's Inception of 2015, of which FID, KID and Inception score are made; outputs ``2048`` and ``1008``.

    Pictures are resized to 299 px as TensorFlow 1 resizes (bilinear, corners as torch-fidelity has them), or with
    ``antialias``, which is another protocol and says so in its keys.

    Args:
        weights: a file of torch-fidelity's weights; None: the one of ``url`` in torch hub's folder of checkpoints,
            downloaded there if need be.
        url: whose last part ends in the beginning of the file's SHA-256.
        antialias: resize with antialiasing.
        bf16: compute in bfloat16, which is another protocol too.
    """

    def __init__(
        self, weights: str | None = None, url: str = INCEPTION, antialias: bool = False, bf16: bool = False
    ) -> None:
        super().__init__()
        self.weights, self.url, self.antialias, self.bf16 = weights, url, antialias, bf16
        self.name = "inception" + "_antialias" * antialias + "_bf16" * bf16

    def made(self) -> nn.Module:
        """torch-fidelity's network; the file is read without running what it may contain before it sees it."""
        installed("torch_fidelity", self.name)
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        path = located("Inception", self.weights, self.url, "judges.inception.weights")
        weight_files.read(path, advice("judges.inception.weights"))
        outputs = ["2048", "logits_unbiased"]
        try:
            network: nn.Module = FeatureExtractorInceptionV3("inception-v3-compat", outputs, str(path))
        except (RuntimeError, KeyError, TypeError) as error:
            line = str(error).splitlines()[0]
            raise UserError(f"{path} holds no weights of torch-fidelity's Inception: {line}") from error
        return network

    def protocol(self) -> dict[str, Any]:
        """And the resizing."""
        resize = "299 bilinear antialias" if self.antialias else "299 bilinear as TensorFlow 1"
        return {**super().protocol(), "resize": resize, "format": "uint8", "precision": self._precision}

    @property
    def _precision(self) -> str:
        return "bfloat16" if self.bf16 else "float32"

    def __call__(self, pictures: Tensor) -> dict[str, Tensor]:
        """uint8 (N, 3, H, W) -> features (N, 2048) and logits without bias (N, 1008)."""
        if self.antialias:
            sized = F.interpolate(pictures.float(), (299, 299), mode="bilinear", antialias=True)
            pictures = sized.round().clamp(0, 255).to(torch.uint8)
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=self.bf16):
            features, logits = self.ready(pictures)
        return {"2048": features.float(), "1008": logits.float()}


class LPIPS(Network):
    """Learned perceptual image patch similarity (Zhang et al. 2018), by the package lpips, which brings the heads.

    Args:
        net: "alex", "vgg" or "squeeze".
        version: of the heads; "0.0" is BicycleGAN's.
        weights: a file of torchvision's ImageNet weights of the backbone; None: as for ``Inception``.
        url: as for ``Inception``; None is torchvision's own.
    """

    key = "judges.lpips.weights"  # the option, for messages

    def __init__(
        self, net: str = "alex", version: str = "0.1", weights: str | None = None, url: str | None = None
    ) -> None:
        super().__init__()
        if net not in BACKBONES:
            raise UserError(f"lpips has no network {net}: there are {', '.join(BACKBONES)}")
        if version not in ("0.0", "0.1"):
            raise UserError(f"lpips has no version {version}: there are 0.0 and 0.1")
        self.net, self.version, self.weights = net, version, weights
        self.url = url or BACKBONES[net]
        self.name = f"lpips_{net}_{version}"

    def made(self) -> nn.Module:
        """The package's network, its backbone filled from the file."""
        installed("lpips", self.name)
        import lpips

        path = located(f"LPIPS ({self.net})", self.weights, self.url, self.key)
        state = weight_files.read(path, advice(self.key))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package asks torchvision for an empty network in an old way
            network: nn.Module = lpips.LPIPS(net=self.net, version=self.version, pnet_rand=True, verbose=False)
        fill(network.net, state, str(path))  # type: ignore[arg-type]  # a module of slices
        return network

    def protocol(self) -> dict[str, Any]:
        """And the format."""
        return {**super().protocol(), "resize": "none", "format": "uint8"}

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """uint8 or [0, 255] (N, 3, H, W), twice -> distances (N,), float32."""
        with torch.autocast(first.device.type, enabled=False):
            distances: Tensor = self.ready(*(unit(pictures) for pictures in (first, second)))
        return distances.flatten()


class LPIPSOfVGG(LPIPS):
    """The same with VGG-16, as path length has it."""

    key = "judges.lpips_vgg.weights"

    def __init__(self, version: str = "0.1", weights: str | None = None, url: str | None = None) -> None:
        super().__init__("vgg", version, weights, url)


class Own(Network):
    """Any module: it gets pictures (N, 3, H, W) in [-1, 1], rounded to 8 bits, and gives a tensor or tensors by name.

    Args:
        module: the network, or what makes it.
        name: in keys; None: the class's own, in lower case.
        weights: a file of its state; None: it has its weights already.
    """

    def __init__(self, module: nn.Module, name: str | None = None, weights: str | None = None) -> None:
        super().__init__()
        self.module, self.weights = module, weights
        self.name = name or type(module).__name__.lower()

    def made(self) -> nn.Module:
        """With the file's weights, if there is one."""
        if self.weights is not None:
            path = located(self.name, self.weights, "", "weights")
            state = weight_files.read(path, "give the file of this very class")
            try:
                self.module.load_state_dict(state)
            except RuntimeError as error:
                line = str(error).splitlines()[-1].strip()
                raise UserError(f"{path} holds no weights of {type(self.module).__name__}: {line}") from error
        return self.module

    def protocol(self) -> dict[str, Any]:
        """And the format."""
        told = {"accuracy": self.module.accuracy} if isinstance(getattr(self.module, "accuracy", None), float) else {}
        return {**super().protocol(), **told, "resize": "the network's own", "format": "uint8 in [-1, 1]"}

    def __call__(self, *pictures: Tensor) -> Any:
        """What the module gives."""
        with torch.autocast(pictures[0].device.type, enabled=False):
            return self.ready(*(unit(some) for some in pictures))


def nobody(weights: str | None = None) -> None:
    """Where a network has to be named by the user, who has not named one yet; ``weights`` would be its file."""


def fill(slices: nn.Module, state: Mapping[str, Tensor], path: str) -> None:
    """Fill lpips's slices of a backbone, whose layers keep torchvision's indices, from torchvision's state.

    Raises:
        UserError: the file lacks some, or has them in other shapes.
    """
    own = slices.state_dict()
    theirs = {key: state.get(f"features.{key.partition('.')[2]}") for key in own}
    wrong = [key for key, value in theirs.items() if value is None or value.shape != own[key].shape]
    if wrong:
        raise UserError(f"{path} is no backbone of LPIPS: features.{wrong[0].partition('.')[2]} is missing or differs")
    slices.load_state_dict({key: value for key, value in theirs.items() if value is not None})


def located(name: str, weights: str | None, url: str, key: str, patience: Patience = Patience(tries=2)) -> Any:
    """The file.

    Raises:
        Unmeasurable: there is none.
    """
    try:
        return weight_files.find(name, weights, url, advice(key), patience)
    except UserError as error:
        raise Unmeasurable(str(error)) from error


def advice(key: str) -> str:
    """What to do without a file."""
    return f"name one with {key}=FILE"


def installed(package: str, name: str) -> None:
    """Refuse to go on without a package.

    Raises:
        Unmeasurable: it is not installed.
    """
    if find_spec(package) is None:
        raise Unmeasurable(f"{name} needs the package {package}: pip install 'gan-zoo[metrics]'")


def fingerprint(network: nn.Module) -> str:
    """The beginning of the SHA-256 of its state: names, shapes and values."""
    digest = hashlib.sha256(type(network).__name__.encode())
    for name, value in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
