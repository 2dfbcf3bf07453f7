"""`python -m partwatch`."""

import sys

from partwatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
