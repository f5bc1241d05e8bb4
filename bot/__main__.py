"""`python -m bot` is the `polar` command."""

from bot.cli import main

main()
