"""What is passed over of the faces that a model is asked about."""

import os
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.layouts import scan_layout
from facesearch.data.layouts.account import Account, account_of
from facesearch.data.layouts.folder import joined
from facesearch.data.left_out import PassedOver, contradictions, passed_over_of
from facesearch.data.reserve.sizes import brought_sets
from facesearch.final.asked_faces import Question, pair_list
from facesearch.final.made_sets import labelled_faces
from facesearch.final.pictures import accounts_of, doubles_of, list_gallery
from facesearch.final.targets import REPORTED


def passed_over_in(question: Question, data: DataConfig) -> list[PassedOver]:
    """Return what is passed over of each folder of a question, or of its list of pairs.

    Args:
        question: What is asked about.
        data: Of the model that is asked: where its own faces are.

    Raises:
        InputError: If a folder cannot be listed, or a file not be read.

    """
    if question.pairs is not None:
        listed = pair_list(question.pairs, question.root)
        unscored = listed.pairs.num_left_out
        account = Account(question.pairs, 0, reading=listed.reading, num_pairs_left_out=unscored)
        return [PassedOver(account)]
    if question.gallery is not None and question.probes is not None:
        return _of_two_folders(question.gallery, question.probes)
    if question.root is None or _is_own(question.root, data):
        moved = data if question.root is None else data.model_copy(update={"root": question.root})
        return passed_over_of(moved, REPORTED)
    return [_of_others(Path(question.root))]


def _of_two_folders(known: Path, asked: Path) -> list[PassedOver]:
    """Return it of a gallery and of probes; what contradicts a gallery's image is of the probes."""
    gallery, probes = list_gallery(known), list_gallery(asked)
    faces = joined((gallery, probes))
    twice = contradictions(faces, doubles_of(faces))
    inside = {*gallery.paths}
    of_gallery = tuple(two for two in twice if inside.issuperset(two))
    of_probes = tuple(two for two in twice if not inside.issuperset(two))
    first, second = accounts_of([known, asked])
    return [
        PassedOver(first, contradictions=of_gallery), PassedOver(second, contradictions=of_probes)
    ]  # fmt: skip


def _of_others(root: Path) -> PassedOver:
    """Return it of a folder of others: of its reporting sets, or of all that some are made of."""
    folder, _ = scan_layout(root)
    has_sets = bool(brought_sets(folder) & {"dev", "test"})
    lists = [getattr(folder, part) for part in REPORTED] if has_sets else [labelled_faces(folder)]
    twice = [two for faces in lists for two in contradictions(faces, doubles_of(faces))]
    return PassedOver(account_of(folder), contradictions=tuple(twice))


def _is_own(root: str, data: DataConfig) -> bool:
    return data.root is not None and os.path.realpath(root) == os.path.realpath(data.root)
