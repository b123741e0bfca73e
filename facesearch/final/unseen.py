"""What of the reporting sets another model has not been trained on, and how much that is.

Not in this module: copies of images (`leaks.py`), which are found in any folder. Here names count,
so it is for models of one data set alone, where one name is one identity.
"""

from collections.abc import Collection

import numpy as np

from facesearch.errors import InputError
from facesearch.final.leaks import Leaks
from facesearch.final.targets import Targets

_SEARCHED = ("known", "unknown_dev", "known_test", "unknown_test")


def num_mated(targets: Targets, part: str) -> int:
    """Return how many identities of a set of probes are in its gallery, a count."""
    probes, gallery = targets.labelled(part), targets.gallery_of(part)
    if probes is None or gallery is None:
        return 0
    both = np.intersect1d(probes.labels_M, gallery.labels_M)
    return int((both >= 0).sum())


def without_identities(targets: Targets, names: Collection[str]) -> Targets:
    """Return the sets that are searched without identities, in galleries and probes alike."""
    left_out = [row for row, name in enumerate(targets.gallery_names) if name in names]
    rows = {}
    for part in _SEARCHED:
        faces = targets.labelled(part)
        if faces is not None:
            rows[part] = faces.index_M[np.isin(faces.labels_M, left_out)]
    return Leaks({}, rows).without_copies(targets)


def refuse_too_few(targets: Targets, left: Targets, part: str) -> None:
    """Refuse to compare on what is left of a set unless that is most of its identities.

    Raises:
        InputError: If it is half of them or less.

    """
    before, after = num_mated(targets, part), num_mated(left, part)
    if 2 * after <= before:
        raise InputError(
            f"of the {before} identities of {part} {before - after} were in its training, so too "
            "few are left to compare on."
        )
