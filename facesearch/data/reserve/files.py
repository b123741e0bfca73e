"""The split as a file: a faces.csv that says of every image what it is used for."""

import csv
import io
from collections.abc import Iterator

from facesearch.data.layouts import FaceList
from facesearch.data.reserve import Reserve

COLUMNS = ("path", "identity", "group", "split", "role")
# What an image is used for, by the part of the folder that it is in.
_ROLES = {
    "train": ("train", "train"),
    "dev": ("val", "closed set"),
    "known": ("val", "gallery"),
    "unknown_dev": ("val", "probe"),
    "known_test": ("test", "gallery"),
    "unknown_test": ("test", "probe"),
}


def split_text(reserve: Reserve) -> str:
    """Return the split as CSV: path from the folder on, identity, group, split and role.

    Saved as ``faces.csv`` in the folder it is the split from then on, whatever is added later.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted(_rows(reserve)))
    return text.getvalue()


def _rows(reserve: Reserve) -> Iterator[tuple[str, ...]]:
    folder = reserve.folder
    galleries = {"unknown_dev": folder.known, "unknown_test": folder.known_test}
    for part, (split, role) in _ROLES.items():
        faces: FaceList = getattr(folder, part)
        known = set(galleries[part].identities) if part in galleries else set(faces.identities)
        groups = faces.groups or faces.identities
        for path, name, group in zip(faces.paths, faces.identities, groups, strict=True):
            place = path.relative_to(folder.root) if path.is_relative_to(folder.root) else path
            used = role if name in known else "non-mated probe"
            yield place.as_posix(), name, group, split, used
