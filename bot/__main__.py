"""`python -m bot` is the `polar` command."""

import sys


def main() -> None:
    """Run it; a Ctrl-C while it is still being loaded ends it as quietly as a later one."""
    try:
        from bot.cli import main as polar

        polar()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
