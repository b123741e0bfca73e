"""What is wrong with a folder while it is listed, and what is only to be known of it."""

from pathlib import Path


class Faults(list[str]):
    """What is wrong, line by line; ``notes`` are told too, though nothing has to be mended.

    ``read`` are the lists that were read, whether or not they are right.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.notes: list[str] = []
        self.read: set[Path] = set()
