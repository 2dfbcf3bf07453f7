"""`python -m partwatch`."""

from partwatch.cli import main

if __name__ == "__main__":
    main()
