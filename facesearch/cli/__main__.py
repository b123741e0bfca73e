"""Run the command line as ``python -m facesearch.cli``."""

from facesearch.cli import main

main()
