"""Worlds whose truth is known: pictures that are drawn from (seed, number), at any size, and what they show."""

from gan_zoo.data.worlds.faces import Faces
from gan_zoo.data.worlds.layouts import Layouts
from gan_zoo.data.worlds.textures import Textures
from gan_zoo.data.worlds.world import World

__all__ = ["Faces", "Layouts", "Textures", "World"]
