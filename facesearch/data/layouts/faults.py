"""What is wrong with a folder while it is listed, and what is only to be known of it."""


class Faults(list[str]):
    """What is wrong, line by line; ``notes`` are told too, though nothing has to be mended."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.notes: list[str] = []
