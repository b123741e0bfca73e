"""What a folder of faces holds, in words, and everything that is wrong with it, in one run.

Faults should be mended before a search, and make the check fail; notes may stay as they are. Places
are told from the folder on.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from facesearch.config import ReserveConfig
from facesearch.data.check.files import look_at_files
from facesearch.data.check.findings import Findings, shortened
from facesearch.data.check.people import look_at_people
from facesearch.data.check.pictures import PARTS, look_at_pictures, places_of
from facesearch.data.geometry import disagreements
from facesearch.data.layouts import FaceFolder, FaceList, FacePairs, scan_layout
from facesearch.data.layouts.account import nested_line
from facesearch.data.reserve import reserve_faces
from facesearch.data.reserve.words import reserve_lines
from facesearch.errors import InputError, count_of

__all__ = ["check_folder"]


def check_folder(
    root: Path, image_px: int, allow_corrupt: int, layout: str = "auto"
) -> Iterator[str]:
    """Yield a line for each part of the folder and each note; decode all its pictures.

    Args:
        root: The folder.
        image_px: Side at which the pictures are decoded.
        allow_corrupt: So many unreadable training pictures are notes and not faults.
        layout: A name of a layout, or ``auto``.

    Raises:
        InputError: With every fault, after the lines.

    """
    folder, faults = scan_layout(root, layout)
    yield f"{root}: layout {folder.layout}"
    for part in PARTS:
        faces: FaceList = getattr(folder, part)
        if len(faces):
            yield f"  {part:<13}{_describe(faces)}"
    if len(folder.pairs):
        yield f"  {'pairs':<13}{_describe_pairs(folder.pairs)}"
    yield from _reserve(folder)
    findings = Findings(folder.root)
    findings.faults += [findings.short(fault) for fault in faults]
    findings.notes += [*folder.notes, *folder.reading, *nested_line(folder)]
    places = places_of(folder)
    look_at_files(folder, set(places), findings)
    left_out = look_at_pictures(places, image_px, allow_corrupt, findings)
    look_at_people(folder, left_out, findings)
    findings.notes += disagreements(folder)
    yield from (f"  note: {note}" for note in shortened(findings.notes))
    if findings.faults:
        count = sum(map(count_of, set(findings.faults)))
        head = f"{root}: {count:,} fault{'s' if count > 1 else ''}"
        raise InputError("\n  ".join([head, *shortened(findings.faults)]))
    if findings.left_out:
        yield f"  every other picture can be read; training leaves out {findings.left_out}"
    else:
        yield "  every picture can be read"


def _reserve(folder: FaceFolder) -> Iterator[str]:
    """Yield what a search would reserve of the training faces for its report."""
    try:
        reserve = reserve_faces(folder, ReserveConfig())
    except InputError:
        return  # too little of anything, which is a fault of the layout
    yield from (f"  reserved for the report: {line}" for line in reserve_lines(reserve))


def _describe(faces: FaceList) -> str:
    counts = Counter(faces.identities)
    if set(counts) == {""}:
        return f"{len(faces):,} pictures, no labels"
    groups = f" in {len(set(faces.groups))} groups" if faces.groups else ""
    least, most = min(counts.values()), max(counts.values())
    each = f"{least} to {most}" if least < most else f"{least}"
    return f"{len(faces):,} pictures of {len(counts):,} identities{groups}, {each} each"


def _describe_pairs(pairs: FacePairs) -> str:
    folds = len(set(pairs.folds))
    same = sum(pairs.is_same)
    return f"{len(pairs)} pairs in {folds} fold{'s' if folds > 1 else ''}, {same} of one person"
