"""Labelled faces as a search meets them: a gallery, and probes that are searched in it.

Not here: who is held out of training (`split.py`), and which folder has sets of its own.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from facesearch.data.layouts.folder import FaceList, only

# Of fewer identities with 2 images none is taken for a non-mated probe: the gallery needs them.
_LEAST_SHARED = 5
# From so many on at least one is.
_LEAST_SURE = 10


def gallery_and_probes(
    faces: FaceList, *, non_mated_fraction: float = 0.2, seed: int = 0
) -> tuple[FaceList, FaceList]:
    """Make a gallery and probes of labelled faces.

    The gallery holds one image of each of its identities; all their other images are mated probes.
    Non-mated probes are the images of everybody else: of whom there is one image only, and of a
    share of those with more. All is chosen by name and seed: neither another order nor further
    identities change what becomes of an identity, and a moved folder gives the same sets. (But for
    one case: if chance takes nobody out of 10 identities or more, one is taken; and whoever has 2
    images stays in the gallery while there are fewer than 5 such identities.)

    Args:
        faces: The faces; those without a label ("") are in neither set.
        non_mated_fraction: Chance that an identity with 2 images or more is not in the gallery, in
            [0, 1).
        seed: Another seed, other gallery images and other non-mated identities.

    Returns:
        The gallery and the probes, each sorted by identity and path, with the groups of the faces
        where groups are known. The gallery is empty if nobody has 2 images.

    Raises:
        ValueError: If ``non_mated_fraction`` is outside [0, 1).

    """
    if not 0 <= non_mated_fraction < 1:
        raise ValueError(f"non_mated_fraction must be in [0, 1), but got {non_mated_fraction}.")
    rows = sorted(range(len(faces)), key=lambda row: (faces.identities[row], faces.paths[row]))
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if faces.identities[row]:
            rows_of[faces.identities[row]].append(row)
    non_mated = _non_mated(rows_of, non_mated_fraction, seed)
    gallery = [
        own[_number("gallery", seed, name) % len(own)]
        for name, own in rows_of.items()
        if name not in non_mated
    ]
    taken = set(gallery)
    probes = [row for row in rows if faces.identities[row] and row not in taken]
    return only(faces, gallery), only(faces, probes)


def _non_mated(rows_of: Mapping[str, Sequence[int]], fraction: float, seed: int) -> set[str]:
    """Return who is not in the gallery."""
    single = {name for name, rows in rows_of.items() if len(rows) < 2}
    several = [name for name in rows_of if name not in single]
    chance = {name: _number("non-mated", seed, name) / 2**64 for name in several}
    if len(chance) < _LEAST_SHARED or fraction == 0:
        return single
    chosen = {name for name, value in chance.items() if value < fraction}
    if not chosen and len(chance) >= _LEAST_SURE:
        chosen = {min(chance, key=lambda name: (chance[name], name))}
    # two stay, whatever chance says: a gallery of one answers every probe alike
    stay = sorted(chance, key=lambda name: (-chance[name], name))[:2]
    return single | chosen - set(stay)


def _number(what: str, seed: int, name: str) -> int:
    """Return a whole number below 2^64 that hangs on its arguments only."""
    # a name may hold bytes that are no UTF-8
    # in one Unicode form: some systems store names in another
    plain = unicodedata.normalize("NFC", name)
    text = f"{what} {seed} {plain}".encode(errors="surrogateescape")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
