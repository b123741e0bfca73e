"""What a folder of faces holds, in words, and whether every picture of it can be read."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from facesearch.data.layouts import FaceList, read_layout
from facesearch.data.pack import open_pack
from facesearch.errors import InputError

_PARTS = ("train", "dev", "test", "known", "unknown_dev", "unknown_test")


def check_folder(root: Path, image_px: int, allow_corrupt: int) -> Iterator[str]:
    """Yield a line for each part of the folder; decode all its pictures.

    Raises:
        InputError: With everything that is wrong, after the lines.

    """
    folder = read_layout(root)
    yield f"{root}: layout {folder.layout}"
    faults = []
    for part in _PARTS:
        faces: FaceList = getattr(folder, part)
        if not len(faces):
            continue
        yield f"  {part:<13}{_describe(faces)}"
        try:
            open_pack(faces, image_px, allow_corrupt=allow_corrupt)
        except InputError as error:
            faults.append(f"{part}: {error}")
    if faults:
        raise InputError("\n".join(faults))
    yield "  every picture can be read"


def _describe(faces: FaceList) -> str:
    counts = Counter(faces.identities)
    if set(counts) == {""}:
        return f"{len(faces)} pictures, no labels"
    text = f"{len(faces)} pictures of {len(counts)} identities, {min(counts.values())} to "
    singles = sum(count == 1 for count in counts.values())
    lonely = f"; {singles} with one picture" if singles and singles < len(counts) else ""
    return f"{text}{max(counts.values())} each{lonely}"
