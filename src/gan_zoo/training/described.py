"""Models that know how they were made."""

import inspect
from typing import Any

from lightning import LightningModule

from gan_zoo.training.config import build, describe


class Described(type(LightningModule)):  # type: ignore[misc]  # the class of LightningModule is only known at run time
    """Classes whose instances know their constructor's arguments as plain containers (``hparams``).

    The arguments may be given in that form too: a checkpoint's, or a config's.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Build the arguments, the instance, and its description."""
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]  # of the class being called
        bound = signature.bind(None, *args, **kwargs)
        bound.apply_defaults()
        given = dict(list(bound.arguments.items())[1:])
        for name, parameter in signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                given |= given.pop(name)
        arguments = {name: build(value) for name, value in given.items()}
        model = super().__call__(**arguments)
        model._set_hparams(describe(arguments))
        return model
