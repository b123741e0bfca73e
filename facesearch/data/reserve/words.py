"""What is reserved, in words: how many, for what, and how well it will be known."""

from collections.abc import Iterator

from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.data.reserve import Reserve
from facesearch.data.reserve.sizes import half_width

_SETS = {
    "dev": ("known", "unknown_dev", "thresholds are fitted on them"),
    "test": ("known_test", "unknown_test", "they are reported on"),
}


def reserve_lines(reserve: Reserve | None) -> Iterator[str]:
    """Yield a line on each set that was reserved, and one on what cannot be known.

    Args:
        reserve: Of a folder; None for generated faces, which have fresh ones to report on.

    """
    if reserve is None:
        return
    folder = reserve.folder
    if "dev" in reserve.parts:
        yield _closed(folder.dev)
    for name, (gallery, probes, purpose) in _SETS.items():
        if gallery in reserve.parts:
            yield _open(name, folder, getattr(folder, gallery), getattr(folder, probes), purpose)
    if reserve.note:
        yield reserve.note


def _closed(faces: FaceList) -> str:
    count = len(set(faces.identities))
    points = 100 * half_width(count, len(faces) / count)
    return (
        f"closed set: {len(faces):,} images of {count:,} trained identities; top-1 will be known "
        f"to +-{points:.1f} points or better"
    )


def _open(name: str, folder: FaceFolder, gallery: FaceList, probes: FaceList, purpose: str) -> str:
    known = set(gallery.identities)
    mated = sum(identity in known for identity in probes.identities)
    strange = set(probes.identities) - known
    points = 100 * half_width(len(known), mated / max(1, len(known)))
    return (
        f"{name}: {len(known | strange):,} held-out identities, {purpose}: "
        f"{len(known):,} in a gallery with {mated:,} probes, and {len(strange):,} who are in no "
        f"gallery with {len(probes) - mated:,}; rank-1 will be known to about +-{points:.1f} points"
    )
