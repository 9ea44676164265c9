"""A zoo of GAN image translators: each paper one readable LightningModule, exact to its reference code."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "load"]

if TYPE_CHECKING:
    from gan_zoo.interop.hub import load


def __getattr__(name: str) -> Any:
    """Import ``load`` on first use, so that ``import gan_zoo`` does not wait for PyTorch."""
    if name == "load":
        from gan_zoo.interop.hub import load

        return load
    raise AttributeError(f"module 'gan_zoo' has no attribute {name!r}")
