"""Whether people can be held out of training, and whether they are in one part only."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.check.findings import Findings
from facesearch.data.layouts import LEAST_IDENTITIES, STRANGER, FaceFolder, FaceList
from facesearch.data.split import split_identities
from facesearch.errors import InputError, first_names


def look_at_people(folder: FaceFolder, left_out: Collection[Path], findings: Findings) -> None:
    """Find what is wrong with who is where.

    Args:
        folder: What was listed.
        left_out: Training pictures that training leaves out.
        findings: Where faults and notes are added.

    """
    train = folder.train
    kept = [i for i, path in enumerate(train.paths) if path not in left_out]
    identities = [train.identities[i] for i in kept]
    _look_at_lonely(identities, findings)
    # fewer are a fault of the layout already
    if len(set(train.identities)) >= LEAST_IDENTITIES:
        groups = [train.groups[i] for i in kept] if train.groups else []
        data = DataConfig()
        try:
            split_identities(identities, data.held_out_identities, data.split_seed, groups)
        except InputError as error:
            findings.faults.append(f"{folder.root}: {error}")
    _look_at_shared(folder, findings)


def _look_at_shared(folder: FaceFolder, findings: Findings) -> None:
    """Note names that are in train and in verification; numbers may have been given anew there."""
    told = {"", STRANGER}
    for part in ("known", "unknown_dev", "known_test", "unknown_test"):
        faces: FaceList = getattr(folder, part)
        shared = sorted(set(folder.train.identities) & set(faces.identities) - told)
        told.update(shared)
        if shared:
            findings.notes.append(
                f"train and {part} have {len(shared)} names in common: {first_names(shared)}; if "
                "these are the same people, verification is not of strangers, and looks too good"
            )


def _look_at_lonely(identities: list[str], findings: Findings) -> None:
    """Note identities with one picture where that is not the rule."""
    counts = Counter(identities)
    single = sorted(name for name, count in counts.items() if count == 1)
    if single and len(single) < len(counts):
        noun = "identity" if len(single) == 1 else "identities"
        findings.notes.append(
            f"train: {len(single)} {noun} with one picture cannot be matched: {first_names(single)}"
        )
