"""Where a scene's draws come from: a stream of uniform numbers of its own, by the seed and the scene's address."""

import numpy as np


class Dice:
    """Numbers that depend on nothing but the address: texts and whole numbers, such as ("faces", seed, "train", 0, 17).

    NumPy promises the stream of ``RandomState`` for good.
    """

    def __init__(self, *address: str | int) -> None:
        words: list[int] = []
        for part in address:
            text = part.encode() if isinstance(part, str) else None
            words += [len(text), *text] if text is not None else [int(part)]
        self._stream = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(words)))

    def number(self) -> float:
        """The next number, in [0, 1)."""
        return float(self._stream.random_sample())

    def between(self, low: float, high: float) -> float:
        """Uniform between two limits."""
        return low + (high - low) * self.number()

    def one_of(self, count: int) -> int:
        """0 .. count - 1, each as likely."""
        return int(self.number() * count)

    def weighted(self, *weights: float) -> int:
        """The place of one of the weights, as likely as it is heavy."""
        left = self.number() * sum(weights)
        for place, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return place
        return len(weights) - 1

    def chance(self, share: float) -> bool:
        """Yes in this share of the cases."""
        return self.number() < share

    def sign(self) -> int:
        """-1 or 1."""
        return 1 if self.chance(0.5) else -1
