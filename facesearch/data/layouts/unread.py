"""Lists that lie in a folder of faces and are not read: whoever wrote one expects that it is."""

import os
from pathlib import Path

from facesearch.data.layouts.faults import Faults

# What a list is called, by how it may be called too.
_LISTS = {
    "groups.csv": "groups.csv", "group.csv": "groups.csv", "pairs.csv": "pairs.csv",
    "faces.csv": "faces.csv",
}  # fmt: skip


def tell_unread(root: Path, layout: str, faults: Faults) -> None:
    """Add a note on each list in the folder itself that the layout has not read.

    Args:
        root: The folder.
        layout: How it was read.
        faults: Of reading it: knows what was read.

    Raises:
        OSError: If the folder cannot be listed.

    """
    for name in sorted(os.listdir(root)):
        meant = _LISTS.get(name.lower())
        if meant is not None and root / name not in faults.read and (root / name).is_file():
            faults.notes.append(f"{name}: not read{_why(root, name, meant, layout)}")


def _why(root: Path, name: str, meant: str, layout: str) -> str:
    if name != meant and not (root / meant).exists():
        return f"; rename it to {meant} if it is meant"
    if layout == "image-list" and meant == "groups.csv":
        return ", as groups stand in faces.csv; write them into its column 'group'"
    return f" in layout {layout}"
