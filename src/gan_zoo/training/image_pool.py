"""A history of generated images (Shrivastava et al. 2017; Zhu et al. 2017, sec. 4)."""

import random
from typing import Any

import torch
from torch import Tensor


class ImagePool:
    """Hands a discriminator images that are half new, half up to a hundred updates old.

    While the pool fills, an image is stored and returned. Later each image is returned as it is with probability 1/2;
    else it takes the place of a stored one, which is returned. Images of a batch are handled one after another.
    Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2, ``util/image_pool.py``. Unlike there, the pool can be
    saved, and an entry does not keep the whole batch alive that it came from.

    Args:
        capacity: images kept; 0 returns every batch unchanged.
        seed: of the pool's own random numbers, so that nothing else shifts them.
    """

    def __init__(self, capacity: int = 50, seed: int = 0) -> None:
        self.capacity = capacity
        self.random: random.Random = random.Random(seed)
        self.images: list[Tensor] = []

    def __call__(self, batch: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), detached."""
        batch = batch.detach()
        if not self.capacity:
            return batch
        return torch.stack([self._exchange(image) for image in batch])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) < self.capacity:
            self.images.append(image.clone())
            return image
        if self.random.random() <= 0.5:
            return image
        slot = self.random.randint(0, self.capacity - 1)
        stored, self.images[slot] = self.images[slot], image.clone()
        return stored

    def state_dict(self) -> dict[str, Any]:
        """Images and random state as tensors and plain containers."""
        version, numbers, gauss = self.random.getstate()
        return {"images": list(self.images), "random": [version, list(numbers), gauss]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` gave."""
        version, numbers, gauss = state["random"]
        self.images = list(state["images"])
        self.random.setstate((version, tuple(numbers), gauss))
