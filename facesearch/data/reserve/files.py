"""The split as a file: a faces.csv that says of every image what it is used for."""

import csv
import io
from collections.abc import Iterator, Sequence

from facesearch.data.layouts import FaceList
from facesearch.data.layouts.folder import joined
from facesearch.data.reserve import Reserve

COLUMNS = ("path", "identity", "group", "split", "role")
# What an image is used for, by the part of the folder that it is in.
_ROLES = {
    "train": ("train", "train"),
    "dev": ("val", "closed set"),
    "test": ("test", "closed set"),
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
    more = tuple(joined([getattr(reserve.folder, part) for part in _ROLES]).columns)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *more))
    writer.writerows(sorted(_rows(reserve, more)))
    return text.getvalue()


def _rows(reserve: Reserve, more: Sequence[str]) -> Iterator[tuple[str, ...]]:
    folder = reserve.folder
    galleries = {"unknown_dev": folder.known, "unknown_test": folder.known_test}
    for part, (split, role) in _ROLES.items():
        faces: FaceList = getattr(folder, part)
        known = set(galleries[part].identities) if part in galleries else set(faces.identities)
        groups = faces.groups or faces.identities
        for row, (path, name) in enumerate(zip(faces.paths, faces.identities, strict=True)):
            place = path.relative_to(folder.root) if path.is_relative_to(folder.root) else path
            used = role if name in known else "non-mated probe"
            said = (faces.columns[column][row] for column in more)
            yield place.as_posix(), name, groups[row], split, used, *said
