"""``python -m gan_zoo.cli``: what the processes of one run start as, whatever started the first of them."""

import sys

from gan_zoo.cli import main

if __name__ == "__main__":
    sys.exit(main())
