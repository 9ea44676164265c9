"""The kinds of data, a file each; configs name them as ``gan_zoo.data.datasets.<Kind>``."""
