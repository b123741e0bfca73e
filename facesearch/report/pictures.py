"""Small pictures of the faces that a model finds hardest: for the user's own page only."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from facesearch.data.faces import FaceSet
from facesearch.final.outcomes import Labelled
from facesearch.report.final_faces import PairList, Search, SeenFaces
from facesearch.report.hardest import HardPair, hardest_of_list, hardest_of_search
from facesearch.report.page import FaceRow, Faces

# Side of a picture on the page, pixels; larger ones are made smaller, smaller ones stay.
_SIDE_PX = 96
_QUALITY = 80
_PAIRS = 8
_CONFUSED = 8
_MISTAKES = 2
_EXAMPLES = 1


def jpeg(image: np.ndarray) -> bytes:
    """Return a picture uint8 [H, W, 3] as a JPEG of at most 96 pixels a side."""
    picture = Image.fromarray(np.ascontiguousarray(image))
    if picture.width > _SIDE_PX:
        picture = picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY)
    return content.getvalue()


def hardest_faces(seen: SeenFaces) -> list[Faces]:
    """Return the hardest pairs of every set of probes and of the list of pairs, as pictures."""
    blocks = []
    for search in seen.searches:
        hard = hardest_of_search(search, _PAIRS)
        names = seen.targets.gallery_names
        blocks.append(_pairs_of_search(search, hard.genuine, names, is_same=True))
        blocks.append(_pairs_of_search(search, hard.impostor, names, is_same=False))
    if seen.listed is not None:
        hard = hardest_of_list(seen.listed, _PAIRS)
        blocks.append(_pairs_of_list(seen.listed, hard.genuine, is_same=True))
        blocks.append(_pairs_of_list(seen.listed, hard.impostor, is_same=False))
    return [block for block in blocks if block.rows]


def confused_faces(seen: SeenFaces, identities: Sequence[str]) -> Faces | None:
    """Return who is taken for whom most often in dev: the faces, then examples of the other.

    Args:
        seen: With what the heads say of dev.
        identities: Names, in the order of the heads.

    """
    found, faces = seen.dev, seen.targets.dev
    if found is None or faces is None:
        return None
    rows = []
    for own, other, count in most_taken(found, _CONFUSED):
        best = found.best_NK[:, 0]
        mistakes = np.flatnonzero((found.labels_N == own) & (best == other))[:_MISTAKES]
        examples = np.flatnonzero(found.labels_N == other)[:_EXAMPLES]
        times = "once" if count == 1 else f"{count} times"
        label = f"{identities[own]} taken for {identities[other]}, {times}"
        rows.append(FaceRow(label, _pictures(faces, [*mistakes, *examples])))
    caption = (
        f"dev: who is taken for whom most often; up to {_MISTAKES} of these faces, then "
        f"{_EXAMPLES} of the other person"
    )
    return Faces(caption, rows) if rows else None


def most_taken(found: Labelled, count: int) -> list[tuple[int, int, int]]:
    """Return who is taken for whom, and how often, the most frequent first."""
    best = found.best_NK[:, 0]
    wrong = best != found.labels_N
    pairs, times = np.unique(
        np.stack([found.labels_N[wrong], best[wrong]], axis=1), axis=0, return_counts=True
    )
    order = np.argsort(-times, kind="stable")[:count]
    return [(int(pairs[i, 0]), int(pairs[i, 1]), int(times[i])) for i in order]


def _pairs_of_search(
    search: Search, pairs: Sequence[HardPair], names: Sequence[str], *, is_same: bool
) -> Faces:
    probes, gallery = search.probes.faces, search.gallery.faces
    rows = []
    for pair in pairs:
        whose, other = (
            names[label] if label >= 0 else "a stranger"
            for label in (probes.labels_M[pair.probe], gallery.labels_M[pair.other])
        )
        label = whose if is_same else f"{whose} and {other}"
        pictures = _pictures(probes, [pair.probe]) + _pictures(gallery, [pair.other])
        rows.append(FaceRow(f"{label}: {pair.score:.3f}", pictures))
    return Faces(_caption(search.name, is_same), rows)


def _pairs_of_list(listed: PairList, pairs: Sequence[HardPair], *, is_same: bool) -> Faces:
    faces = listed.pairs.faces
    rows = [
        FaceRow(f"score {pair.score:.3f}", _pictures(faces, [pair.probe, pair.other]))
        for pair in pairs
    ]
    return Faces(_caption("pairs", is_same), rows)


def _caption(name: str, is_same: bool) -> str:
    kind = "one person, and yet the lowest" if is_same else "two persons, and yet the highest"
    return f"{name}: {kind} scores"


def _pictures(faces: FaceSet, rows: Sequence[int]) -> list[bytes]:
    return [jpeg(faces.images_NHWC[faces.index_M[row]]) for row in rows]
