"""Which faces a model is asked about after it was made: any folder, two folders, a list of pairs.

A folder with reporting sets of its own is asked about these. Of any other folder of identities a
gallery and probes are made, of images that nobody was trained on. `evaluate`, `compare` and
`report` share this.

Not here: how they are made (`made_sets.py`), and what is measured (`verify.py`).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.layouts import FaceFolder, read_layout
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.pair_files import read_pair_file
from facesearch.data.reserve.sizes import brought_sets
from facesearch.errors import InputError, capped, count_of
from facesearch.final.leaks import training_digests
from facesearch.final.made_sets import labelled_faces, made_sets, two_folders
from facesearch.final.targets import Targets, read_targets, reporting_folder, targets_of


@dataclass(frozen=True)
class Question:
    """What is asked about: a folder, a gallery and probes, or a list of pairs; nothing: its own.

    Attributes:
        root: A folder of faces; beside ``pairs``, what the paths in the list begin at.
        gallery: A folder of known identities, as `list_gallery` reads it.
        probes: A folder of those who are searched for in it.
        pairs: A file with pairs.csv's columns, or one of LFW.
        seed: Of a gallery and probes that are made of a folder.

    """

    root: str | None = None
    gallery: Path | None = None
    probes: Path | None = None
    pairs: Path | None = None
    seed: int = 0

    @property
    def source(self) -> str:
        """A short name of the faces; "" for the model's own."""
        if self.pairs is not None:
            return self.pairs.name
        named = self.probes or self.root
        return Path(named).resolve().name if named is not None else ""


@dataclass(frozen=True)
class AskedFaces:
    """Faces to be asked about, listed.

    Attributes:
        data: Of the model, with the root that is asked about; says what generated faces are.
        folder: The reporting sets; None: of generated faces.
        notes: How they were made, and what is to be known of them.

    """

    data: DataConfig
    folder: FaceFolder | None
    notes: tuple[str, ...] = ()

    def targets(self, image_px: int, identities: tuple[str, ...]) -> Targets:
        """Return the sets, decoded.

        Args:
            image_px: Side of the images that the model takes, in pixels.
            identities: Who was trained, in the order of the head.

        """
        if self.folder is None:
            return read_targets(self.data.model_copy(update={"image_px": image_px}), identities)
        return targets_of(self.folder, image_px, identities)


def own_faces(data: DataConfig) -> AskedFaces:
    """Return what belongs to the faces that a model was trained on."""
    return AskedFaces(data, reporting_folder(data))


def asked_faces(
    data: DataConfig, identities: tuple[str, ...], digests: Sequence[bytes], question: Question
) -> AskedFaces:
    """List the faces of a question.

    Args:
        data: Of the model that is asked: where its own faces were.
        identities: Who it was trained on.
        digests: Of the images that models were trained on (`training_digests`), the asked one's
            first; such images are in no gallery and no probes that are made.
        question: What is asked about.

    Raises:
        InputError: If they cannot be read, or nothing can be made of them.

    """
    if question.pairs is not None:
        listed = pair_list(question.pairs, question.root)
        return AskedFaces(data, listed)
    if question.gallery is not None and question.probes is not None:
        made, notes = two_folders(question.gallery, question.probes)
        return AskedFaces(data, made, tuple(notes))
    if question.root is None:
        return own_faces(data)
    moved = data.model_copy(update={"root": question.root})
    if _is_same(question.root, data.root):
        return own_faces(moved)
    folder = read_layout(Path(question.root))
    if folder.train.paths and set(identities) <= set(folder.train.identities):
        own = reporting_folder(moved)
        if own is not None and digests and training_digests(own.train) == digests[0]:
            return AskedFaces(moved, own)
    foreign = moved.model_copy(update={"layout": "auto"})
    if _has_sets(folder, identities) or not len(labelled_faces(folder)):
        unused = f"seed {question.seed} is not used: these faces bring reporting sets of their own."
        return AskedFaces(foreign, folder, (unused,) if question.seed else ())
    return AskedFaces(foreign, *_made(folder, digests, question.seed))


def _made(
    folder: FaceFolder, digests: Sequence[bytes], seed: int
) -> tuple[FaceFolder, tuple[str, ...]]:
    """Make gallery and probes of a folder, and keep its pairs; notes say how it was done."""
    try:
        made, notes = made_sets(folder, digests, seed)
    except InputError as error:
        if not len(folder.pairs):
            raise
        return folder, (f"only the pairs are asked about: {error}",)
    return replace(made, pairs=folder.pairs), tuple(notes)


def _is_same(root: str, other: str | None) -> bool:
    return other is not None and os.path.realpath(root) == os.path.realpath(other)


def _has_sets(folder: FaceFolder, identities: tuple[str, ...]) -> bool:
    """Whether a folder brings a set that a model can be asked about."""
    closed = set(folder.dev.identities) or set(folder.test.identities) - {""}
    return bool(brought_sets(folder) & {"dev", "test"}) or (
        bool(closed) and closed <= set(identities)
    )


def pair_list(path: Path, root: str | None) -> FaceFolder:
    """List a file of pairs; who is on them is known if ``root`` is a folder of faces.

    Raises:
        InputError: If it cannot be read, or holds no pairs.

    """
    faults = Faults()
    folder = read_pair_file(path, None if root is None else Path(root), faults)
    if faults:
        head = f"{path}: {sum(map(count_of, faults)):,} faults"
        raise InputError("\n  ".join([head, *capped(faults)]))
    if not len(folder.pairs):
        raise InputError(f"{path}: no pairs in it.")
    return folder
