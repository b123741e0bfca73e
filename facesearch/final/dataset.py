"""Which data set faces are of: each has a registered model of its own.

So models of generated faces never meet those of real ones, and one deployment's champion is never
replaced by a model of other identities.
"""

import hashlib
import re
import unicodedata
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.layouts import STRANGER, read_layout
from facesearch.final.targets import REPORTED

# What every model was registered as before data sets were told apart.
SHARED = "facesearch"
GENERATED = f"{SHARED}-generated"
_MOST_CHARACTERS = 24


def registry_name(data: DataConfig) -> str:
    """Return the name of the registered model of a data set, such as ``facesearch-staff-3f9a01``.

    It follows from the folder's name and from who is in it: a folder that was moved, or that got
    more images of the same identities, keeps its name; one with other identities has another.

    Raises:
        InputError: If the folder cannot be read.

    """
    if data.root is None:
        return GENERATED
    folder = read_layout(Path(data.root), data.layout)
    parts = [getattr(folder, part).identities for part in ("train", *REPORTED)]
    names = sorted({name for part in parts for name in part} - {"", STRANGER})
    digest = hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{SHARED}-{_slug(Path(data.root).name)}-{digest[:6]}"


def _slug(name: str) -> str:
    """Return a name in small letters, digits and dashes; ``faces`` if nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_MOST_CHARACTERS].strip("-") or "faces"
