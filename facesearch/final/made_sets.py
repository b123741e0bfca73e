"""A gallery and probes for faces that bring none: made of one folder, or of two.

No image that was trained on is among them, and no image is there twice.
"""

from collections.abc import Sequence
from pathlib import Path

from facesearch.data.gallery import gallery_and_probes
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.data.layouts.folder import joined, only
from facesearch.data.layouts.names import case_twins
from facesearch.errors import InputError, capped, first_names
from facesearch.final.file_digests import file_digests
from facesearch.final.leaks import digest_set
from facesearch.final.pictures import list_gallery


def made_sets(
    folder: FaceFolder, digests: Sequence[bytes], seed: int
) -> tuple[FaceFolder, list[str]]:
    """Make a gallery and probes (known, unknown_dev) of all labelled images of a folder.

    Args:
        folder: What was listed.
        digests: Of the images that models were trained on: they are left out first.
        seed: Another seed, another gallery.

    Returns:
        The sets, and what is to be known of them.

    Raises:
        InputError: If fewer than 2 identities have 2 images that were not trained on.

    """
    whole = labelled_faces(folder)
    faces, notes = _without_copies(whole, digests)
    if not len(faces):
        raise InputError(
            f"{folder.root}: all {len(whole):,} labelled images of it were trained on, so nothing "
            "can be measured there; give other faces."
        )
    gallery, probes = gallery_and_probes(faces, seed=seed)
    if len(gallery) < 2:
        left = " that were not trained on" if len(faces) < len(whole) else ""
        raise InputError(
            f"{folder.root}: {len(gallery)} of {len(set(faces.identities))} identities have 2 "
            f"images or more{left}; a gallery and probes need 2 such identities. Give more images."
        )
    made = FaceFolder(folder.root, folder.layout, known=gallery, unknown_dev=probes)
    what = f"of all identities of {folder.root.name}, as it brings no reporting sets (seed {seed})"
    return made, [*notes, _told(gallery, probes, what)]


def labelled_faces(folder: FaceFolder) -> FaceList:
    """Return all faces of training, of val and of test of which it is said whose they are."""
    faces = joined((folder.train, folder.dev, folder.test))
    return only(faces, (row for row, name in enumerate(faces.identities) if name))


def _without_copies(faces: FaceList, digests: Sequence[bytes]) -> tuple[FaceList, list[str]]:
    """Return the images that no model was trained on, each once, and what was left out."""
    trained = set[bytes]().union(*map(digest_set, digests))
    own = file_digests(faces.paths)
    fresh = [row for row, digest in enumerate(own) if digest not in trained]
    once = {own[row]: row for row in reversed(fresh)}
    rows = sorted(once.values())
    notes = []
    if len(fresh) < len(faces):
        notes.append(
            f"LEAK: {len(faces) - len(fresh):,} of {len(faces):,} images are also in training, "
            "byte by byte; they were left out before gallery and probes were chosen."
        )
    gone = len(fresh) - len(rows)
    if gone:
        notes.append(f"images that are there twice count once: {gone:,} left out.")
    return only(faces, rows), notes


def two_folders(known: Path, asked: Path) -> tuple[FaceFolder, list[str]]:
    """List a gallery and probes; a probe of nobody in the gallery is non-mated.

    Args:
        known: A folder as `list_gallery` describes it.
        asked: Another, whose identities have the same names.

    Returns:
        The sets, and what is to be known of them.

    Raises:
        InputError: If one cannot be listed, or nobody is in both.

    """
    gallery, probes = list_gallery(known), list_gallery(asked)
    twins = case_twins({*gallery.identities, *probes.identities})
    if twins:
        raise InputError("\n  ".join([f"{known} and {asked}:", *capped(twins)]))
    known_digests = set(file_digests(gallery.paths))
    fresh = [
        row for row, digest in enumerate(file_digests(probes.paths)) if digest not in known_digests
    ]
    notes = []
    if len(fresh) < len(probes):
        notes.append(
            f"{len(probes) - len(fresh):,} of {len(probes):,} probes are images of the gallery, "
            "byte by byte; they were left out."
        )
    probes = only(probes, fresh)
    if not set(probes.identities) & set(gallery.identities):
        raise InputError(
            f"{asked}: nobody in it has a name of the gallery {known}: found "
            f"{first_names(sorted(set(probes.identities))) or 'no other images'}; the gallery has "
            f"{first_names(sorted(set(gallery.identities)))}. A folder, or a file without its "
            "suffix, is named like the identity in both."
        )
    folder = FaceFolder(known, "gallery-and-probes", known=gallery, unknown_dev=probes)
    return folder, [*notes, _told(gallery, probes, f"of {known.name} and {asked.name}")]


def _told(gallery: FaceList, probes: FaceList, what: str) -> str:
    """Say how many there are of each."""
    known = set(gallery.identities)
    mated = sum(name in known for name in probes.identities)
    strange = len(set(probes.identities) - known)
    return (
        f"unknown_dev: gallery and probes {what}: {len(gallery):,} gallery images of "
        f"{len(known):,} identities, {mated:,} mated probes, {len(probes) - mated:,} non-mated "
        f"probes of {strange:,} further identities."
    )
