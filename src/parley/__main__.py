"""The command `parley`, also as `python -m parley`."""

import sys


def main() -> None:
    """Runs the command line. Ctrl-C ends it in silence, also while it is still being imported."""
    try:
        from parley.cli.main import main as run  # noqa: PLC0415  it takes half a second, in which Ctrl-C may come

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
