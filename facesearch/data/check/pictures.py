"""Every picture, decoded once: which cannot be read, and which are there twice."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from facesearch.data.check.findings import Findings
from facesearch.data.decode import decode_with_digest
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.errors import InputError
from facesearch.progress import track

PARTS = ("train", "dev", "test", "known", "unknown_dev", "known_test", "unknown_test")
Places = dict[Path, tuple[str, str]]


def places_of(folder: FaceFolder) -> Places:
    """Return part and identity of every picture."""
    places: Places = {}
    for part in PARTS:
        faces: FaceList = getattr(folder, part)
        for path, identity in zip(faces.paths, faces.identities, strict=True):
            places.setdefault(path, (part, identity))
    for path in (*folder.pairs.first, *folder.pairs.second):
        places.setdefault(path, ("pairs", ""))
    return places


def look_at_pictures(
    places: Places, image_px: int, allow_corrupt: int, findings: Findings
) -> set[Path]:
    """Find unreadable pictures, and the same one at two places.

    Args:
        places: Part and identity of every picture.
        image_px: Side at which they are decoded.
        allow_corrupt: So many unreadable ones of train are notes and not faults, as in training.
        findings: Where faults and notes are added.

    Returns:
        The pictures that training leaves out.

    """
    unreadable: dict[Path, str] = {}
    first: dict[bytes, Path] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: decode_with_digest(path, image_px), places)
        paths = track(list(places), "decoding pictures")
        for path, result in zip(paths, results, strict=True):
            if isinstance(result, InputError):
                unreadable[path] = str(result)
            elif result[1] in first:
                _compare(first[result[1]], path, places, findings)
            else:
                first[result[1]] = path
    of_train = {path for path in unreadable if places[path][0] == "train"}
    left_out = of_train if len(of_train) <= allow_corrupt else set()
    findings.left_out = len(left_out)
    for path, fault in unreadable.items():
        target = findings.notes if path in left_out else findings.faults
        target.append(findings.short(fault))
    return left_out


def _compare(one: Path, other: Path, places: Places, findings: Findings) -> None:
    """Say what it means that two files hold the same bytes."""
    (part, identity), (other_part, other_identity) = places[one], places[other]
    first, second = findings.place(one), findings.place(other)
    if part == other_part == "pairs":
        # a file of pairs repeats its pictures
        return
    if part == "train" and other_part != "train":
        findings.faults.append(
            f"{second}: the same picture as {first}: {other_part} would be scored on train; remove "
            "one (finalize leaves such copies out of its figures)"
        )
    elif part != other_part:
        findings.faults.append(
            f"{second}: the same picture is in {part} and {other_part}: {first}; remove one"
        )
    elif identity != other_identity:
        findings.faults.append(
            f"{second}: the same picture as {first}, but of another identity; one of them is wrong"
        )
    else:
        findings.notes.append(f"{second}: the same picture as {first}")
