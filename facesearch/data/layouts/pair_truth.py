"""Which pairs of a list are scored: each once, of two images, and none whose truth is in doubt.

All others are left out and told.
"""

import filecmp
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import STRANGER, FaceFolder, FaceList, FacePairs, pairs_of_rows

# The parts of a folder whose identities are names of one list: training, and what is reserved.
_NAMED = ("train", "dev", "test", "known", "unknown_dev", "known_test", "unknown_test")
# Layouts in which whoever owns a folder is on all the pictures in it.
_FOLDERS_OF_PEOPLE = ("identity-folders", "split-folders", "lfw")
# Why a pair is left out.
_ITSELF = "of an image with itself, or with a copy of it"
_BOTH = "which are said to be of one identity and of two"
_AGAINST = "whose truth is not that of the identities of their images"
_AGAIN = "which are in the list before, if only the other way round"
_SHOWN = 3


def named_parts(folder: FaceFolder) -> list[FaceList]:
    """Return the parts of a folder whose identities are names of one list."""
    return [getattr(folder, part) for part in _NAMED]


def people_of_pairs(folder: FaceFolder) -> dict[Path, str]:
    """Return who is on the pictures of the pairs, of those of whom the folder says it.

    It is said by the list of the faces; in folders of people also by the folder that a picture lies
    in, however deep.
    """
    listed = {
        _plain(path): name
        for faces in named_parts(folder)
        for path, name in zip(faces.paths, faces.identities, strict=True)
        if name and name != STRANGER
    }
    owners = {}
    if folder.layout in _FOLDERS_OF_PEOPLE:
        owners = {os.path.dirname(path): name for path, name in listed.items()}
    found = {}
    for path in dict.fromkeys((*folder.pairs.first, *folder.pairs.second)):
        plain = _plain(path)
        name = listed.get(plain) or _owner(plain, owners)
        if name:
            found[path] = name
    return found


def _owner(path: str, owners: Mapping[str, str]) -> str:
    """Return who owns the nearest folder above a file that is somebody's; "" if none is."""
    above = os.path.dirname(path)
    while owners and above not in owners and above != os.path.dirname(above):
        above = os.path.dirname(above)
    return owners.get(above, "")


def with_sound_pairs(folder: FaceFolder, faults: Faults) -> FaceFolder:
    """Return a folder with those of its pairs that can be scored.

    Left out are pairs of an image with itself or a copy of it, pairs that are there twice (once is
    kept) or with both truths, and pairs that contradict the identities of their images. If most
    pairs do that, the list means something else; that is a fault.

    Args:
        folder: What was listed.
        faults: Where a fault is added, and a note on what is left out.

    """
    pairs = folder.pairs
    if not len(pairs):
        return folder
    whose = people_of_pairs(folder)
    reasons = list(_reasons(pairs, whose))
    against = reasons.count(_AGAINST)
    told = sum(
        one in whose and other in whose
        for one, other in zip(pairs.first, pairs.second, strict=True)
    )
    if 2 * against > told:
        faults.append(
            f"pairs: {against:,} of {told:,} pairs contradict the identities of their images: "
            f"{_examples(folder, reasons, _AGAINST)}; write 1 for pairs of one identity and 0 for "
            "pairs of two, or mend the names"
        )
        return folder
    for why in (_ITSELF, _BOTH, _AGAINST, _AGAIN):
        if count := reasons.count(why):
            faults.notes.append(
                f"pairs: {count:,} of {len(pairs):,} are left out, {why}: "
                f"{_examples(folder, reasons, why)}"
            )
    kept = [row for row, why in enumerate(reasons) if not why]
    if not kept:
        faults.append(f"pairs: none of {len(pairs):,} can be scored; {faults.notes[-1]}")
    sound = replace(pairs_of_rows(pairs, kept), num_left_out=len(pairs) - len(kept))
    return replace(folder, pairs=sound)


def _reasons(pairs: FacePairs, whose: Mapping[Path, str]) -> Iterator[str]:
    """Yield why each pair is left out; "" for one that stays."""
    keys = [
        (listed, *sorted((_plain(one), _plain(other))))
        for listed, one, other in zip(
            pairs.lists or ("",) * len(pairs), pairs.first, pairs.second, strict=True
        )
    ]
    truths = defaultdict(set)
    for key, is_same in zip(keys, pairs.is_same, strict=True):
        truths[key].add(is_same)
    seen, size_of = set(), cache(_size)
    rows = zip(keys, pairs.first, pairs.second, pairs.is_same, strict=True)
    for key, one, other, is_same in rows:
        # each file is looked at once, and only those of one size are opened
        if key[1] == key[2] or (size_of(key[1]) == size_of(key[2]) and _are_same(one, other)):
            yield _ITSELF
        elif len(truths[key]) > 1:
            yield _BOTH
        elif one in whose and other in whose and (whose[one] == whose[other]) != is_same:
            yield _AGAINST
        else:
            yield _AGAIN if key in seen else ""
            seen.add(key)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1  # what cannot be read is told when it is decoded


def _are_same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _examples(folder: FaceFolder, reasons: Sequence[str], why: str) -> str:
    rows = [row for row, found in enumerate(reasons) if found == why]
    told = [_words(folder, row) for row in rows[:_SHOWN]]
    return ", ".join(told) + (", ..." if len(rows) > _SHOWN else "")


def _words(folder: FaceFolder, row: int) -> str:
    """Name a pair by its images; if they lie elsewhere, in the cache, by its number in its list."""
    pairs = folder.pairs
    one, other = pairs.first[row], pairs.second[row]
    if one.is_relative_to(folder.root) and other.is_relative_to(folder.root):
        return f"{one.relative_to(folder.root)} and {other.relative_to(folder.root)}"
    if not pairs.lists:
        return f"pair {row + 1}"
    return f"pair {pairs.lists[: row + 1].count(pairs.lists[row])} of {pairs.lists[row]}"


def _plain(path: Path) -> str:
    # as text: there are many, and paths are slow to make and to compare
    return os.path.normpath(path)
