import pytest

from gan_zoo.errors import UserError
from gan_zoo.evaluation.settings import Settings


@pytest.mark.parametrize("name", ["samples", "batch_size", "every_n_ticks"])
def test_counts_are_positive(name: str) -> None:
    with pytest.raises(UserError, match=f"evaluation.{name}=0: give 1 or more"):
        Settings(**{name: 0})  # type: ignore[arg-type]
