"""Run the command line as ``python -m facesearch.cli``."""

from facesearch.cli import main

if __name__ == "__main__":  # and not in the processes that it begins
    main()
