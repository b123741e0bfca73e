"""Where decoded and unpacked faces are kept, and what is told when nothing can be kept there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facesearch.errors import InputError


def cache_root() -> Path:
    """Return the cache folder: ``FACESEARCH_CACHE``, else facesearch in the user's cache."""
    own = os.environ.get("FACESEARCH_CACHE")
    general = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(own) if own else general / "facesearch"


@contextmanager
def writing_to_cache(num_bytes: int) -> Iterator[Path]:
    """Make the cache folder and yield it; what the disk refuses inside is told as wrong input.

    Args:
        num_bytes: What will be written, about, for the message.

    Raises:
        InputError: If the folder cannot be made or written to, or its disk is full.

    """
    root = cache_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield root
    except OSError as error:
        raise InputError(
            f"{root}: the cache of decoded faces cannot be written ({error}); {num_bytes} bytes "
            "are needed. Set FACESEARCH_CACHE to a folder that can be written, on a disk with room."
        ) from None
