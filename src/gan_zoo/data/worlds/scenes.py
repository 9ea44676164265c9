"""Where a scene's draws come from: a stream of uniform numbers of its own, by the seed and the scene's address."""

import random


class Dice:
    """Numbers that depend on nothing but the address: texts and whole numbers, such as ("faces", seed, "train", 17).

    Python seeds from a text by SHA-512, so that neighbours are unrelated, and promises the stream of ``random()`` for
    good.
    """

    def __init__(self, *address: str | int) -> None:
        self.number = random.Random("/".join(map(str, address))).random
        """The next number, in [0, 1)."""

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
