"""Train: ``python train.py model=cyclegan data=horse2zebra``; without arguments the demo. Also ``gan-zoo train``."""

import sys

from gan_zoo.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
