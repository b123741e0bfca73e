"""The course's submissions (HW2P2) of a model, for a folder of faces of the course.

Nothing is printed here. Not here: the format of the files (`submission.py`).
"""

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from facesearch.data.faces import image_set
from facesearch.data.layouts import STRANGER, FaceFolder, FaceList, scan_layout
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import flat
from facesearch.data.layouts.hw2p2 import told_term
from facesearch.errors import InputError, capped
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.submission import write_classification, write_verification
from facesearch.metrics.search import top_k

TERMS = ("hw2p2-f22", "hw2p2-s23")
REJECTION = "rejection"
# What only a training or an evaluation needs.
_NOT_NEEDED = re.compile(r": no (train|dev|unknown_dev)/ in it; ")


@dataclass(frozen=True)
class Prediction:
    """What was predicted.

    Args:
        classification: The file that was written, or None.
        verification: The file that was written, or None.
        notes: Why a file is left out, a sentence each.
        num_test: Pictures in the first file, a count.
        num_queries: Pictures in the second file, a count.
        num_strangers: Those of them that are said to be strangers, a count.

    """

    classification: Path | None = None
    verification: Path | None = None
    notes: tuple[str, ...] = ()
    num_test: int = 0
    num_queries: int = 0
    num_strangers: int = 0


def predict_root(
    model: FaceModel,
    root: Path,
    out: Path,
    layout: str = "auto",
    views: str | None = None,
    *,
    is_strict: bool = True,
) -> Prediction:
    """Write ``classification.csv`` and ``verification.csv`` for the faces of a term.

    The first needs test pictures, and the training folders of ``root`` to be the identities of
    the model, as the course numbers them in their order; without training folders the model's
    order is taken. The second needs known people and queries: each query gets the name of the
    nearest one, and in S23 that of a stranger where no score is above the threshold ``rejection``.

    Args:
        model: The model.
        root: A folder of the layout hw2p2-f22 or hw2p2-s23; dev and its labels are not needed.
        out: Where the files go; made if it is missing.
        layout: One of the two, or ``auto``.
        views: A name in `VIEWS` instead of the model's own.
        is_strict: Refuse strangers to reject without a threshold, and a model with one where
            nothing tells whether there are strangers; False: leave out the second file, with a
            note.

    Raises:
        InputError: For another layout, pictures that cannot be read, or what ``is_strict``
            refuses; no file is written then.
        StorageError: If a file cannot be written.

    """
    folder = read_term(root, layout)
    return predict_folder(model, folder, out, views, is_strict=is_strict, layout=layout)


def predict_folder(
    model: FaceModel,
    folder: FaceFolder,
    out: Path,
    views: str | None = None,
    *,
    is_strict: bool = True,
    layout: str = "auto",
) -> Prediction:
    """Do what `predict_root` does, with a folder that `read_term` has read.

    Args:
        model: The model.
        folder: The faces; its parts may have a box each.
        out: Where the files go; made if it is missing.
        views: A name in `VIEWS` instead of the model's own.
        is_strict: As of `predict_root`.
        layout: What was asked for: with ``auto`` it is not known for sure.

    Raises:
        InputError: As `predict_root`.
        StorageError: If a file cannot be written.

    """
    reasons = _why_no_classification(model, folder), _why_no_verification(folder)
    doubt = _doubt(model, folder, layout) if reasons[1] is None else None
    if doubt is not None:
        if is_strict:
            raise InputError(f"{folder.root}: {doubt}")
        reasons = reasons[0], doubt
    # all pictures are read before the first file is written
    names = _nearest_names(model, folder, views) if reasons[1] is None else []
    labels = _labels(model, folder, views) if reasons[0] is None else []
    paths = out / "classification.csv", out / "verification.csv"
    if reasons[0] is None:
        write_classification(paths[0], [path.name for path in folder.test.paths], labels)
    if reasons[1] is None:
        write_verification(paths[1], names)
    return Prediction(
        classification=paths[0] if reasons[0] is None else None,
        verification=paths[1] if reasons[1] is None else None,
        notes=tuple(
            f"{path.name} is left out: {reason}"
            for path, reason in zip(paths, reasons, strict=True)
            if reason is not None
        ),
        num_test=len(labels),
        num_queries=len(names),
        num_strangers=names.count(STRANGER) if _has_strangers(folder) else 0,
    )


def _has_strangers(folder: FaceFolder) -> bool:
    return folder.layout == "hw2p2-s23"


def _doubt(model: FaceModel, folder: FaceFolder, layout: str) -> str | None:
    """Say why it is not known which queries are strangers; None if it is."""
    rejection = model.thresholds.get(REJECTION)
    if rejection is None or not rejection.is_usable:
        if not _has_strangers(folder):
            return None
        return (
            "some queries of hw2p2-s23 are strangers, but the model has no threshold "
            f"'{REJECTION}' to reject them by. Fit it: facesearch evaluate BUNDLE --data "
            f"{folder.root} --freeze NEW_BUNDLE"
        )
    # fitted with strangers among those who were looked for, or without
    if rejection.rule != REJECTION or layout != "auto" or told_term(folder.root) is not None:
        return None
    return (
        f"the model can reject strangers (threshold '{REJECTION}'), but nothing here tells whether "
        "there are any: neither verification_dev.csv nor dev_identities.csv. Write --layout "
        "hw2p2-s23 if some queries are strangers, --layout hw2p2-f22 if everybody is known."
    )


def _labels(model: FaceModel, folder: FaceFolder, views: str | None) -> list[int]:
    """Return the number of the likeliest identity of each test picture."""
    pictures = SetImages(image_set(folder.test, model.image_px, ()))
    numbers: list[int] = model.classify(pictures, top=1, views=views)[0][:, 0].tolist()
    return numbers


def _nearest_names(model: FaceModel, folder: FaceFolder, views: str | None) -> list[str]:
    """Return who each query is; STRANGER where the best score is not above the threshold."""
    bar = model.thresholds[REJECTION].value if _has_strangers(folder) else -math.inf
    known, queries = (
        model.embed(SetImages(image_set(faces, model.image_px, ())), views)
        for faces in (folder.known, folder.unknown_test)
    )
    index, score = top_k(known, queries, 1)
    return [
        folder.known.identities[row] if best > bar else STRANGER
        for row, best in zip(index[:, 0].tolist(), score[:, 0].tolist(), strict=True)
    ]


def _why_no_verification(folder: FaceFolder) -> str | None:
    if not folder.known.paths:
        return f"{folder.root} holds no known people."
    if not folder.unknown_test.paths:
        return f"{folder.root} holds no pictures in unknown_test/."
    return None


def _why_no_classification(model: FaceModel, folder: FaceFolder) -> str | None:
    if not folder.test.paths:
        return f"{folder.root} holds no test pictures."
    own = tuple(sorted(set(folder.train.identities)))
    if not own or own == model.identities:
        return None
    foreign = len(set(own) ^ set(model.identities))
    how = f"{foreign} of them differ" if foreign else "in another order"
    return (
        f"the {len(own)} identities of {folder.root} are not the {len(model.identities)} that the "
        f"model was trained on ({how}), so its numbers would mean other people."
    )


# --- reading ----------------------------------------------------------------------------


def read_term(root: Path, layout: str = "auto") -> FaceFolder:
    """Return what a folder of the course holds; a lack of what is only trained on is no fault.

    Raises:
        InputError: For another layout, or a folder with faults.

    """
    if layout not in ("auto", *TERMS):
        raise InputError(f"layout '{layout}': predict reads {' and '.join(TERMS)}, or auto.")
    folder, faults = scan_layout(root, layout)
    test = folder.test if folder.layout in TERMS else FaceList()
    if not test.paths:
        # without train/ and dev/ the layout does not know the part by what is in it
        test = _lone_test(root, faults)
    if folder.layout not in TERMS:
        if not test.paths:
            raise InputError(
                f"{root}: layout {folder.layout}; predict writes the files of the course and "
                f"needs its folders: {' or '.join(TERMS)}."
            )
        return FaceFolder(root, TERMS[0], test=test)
    lacking = [fault for fault in faults if not _NOT_NEEDED.search(fault)]
    if lacking:
        raise InputError("\n".join(capped(lacking)))
    return replace(folder, test=test)


def _lone_test(root: Path, faults: Faults) -> FaceList:
    """List the pictures of ``test/`` where it is the only folder of its part."""
    parts = [*sorted(root.glob("*classification*")), *sorted(root.glob("*/classification")), root]
    for part in parts:
        if not part.name.startswith(".") and (part / "test").is_dir():
            return flat(part / "test", root, faults)
    return FaceList()
