"""Where decoded and unpacked faces are kept."""

import os
from pathlib import Path


def cache_root() -> Path:
    """Return the cache folder: ``FACESEARCH_CACHE``, else facesearch in the user's cache."""
    own = os.environ.get("FACESEARCH_CACHE")
    general = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(own) if own else general / "facesearch"
