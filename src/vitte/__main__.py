"""`python -m vitte` is the `vitte` command."""

from vitte.cli import main

if __name__ == "__main__":
    main()
