"""What is passed over of the faces that a model is asked about."""

import os
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.left_out import PassedOver, passed_over, passed_over_of
from facesearch.final.asked_faces import Question
from facesearch.final.pictures import accounts_of
from facesearch.final.targets import REPORTED


def passed_over_in(question: Question, data: DataConfig) -> list[PassedOver]:
    """Return what is passed over of each folder of a question; of a list of pairs nothing is.

    Args:
        question: What is asked about.
        data: Of the model that is asked: where its own faces are.

    Raises:
        InputError: If a folder cannot be listed.

    """
    if question.pairs is not None:
        return []
    if question.gallery is not None and question.probes is not None:
        return [PassedOver(one) for one in accounts_of([question.gallery, question.probes])]
    if question.root is None or _is_own(question.root, data):
        moved = data if question.root is None else data.model_copy(update={"root": question.root})
        return passed_over_of(moved, REPORTED)
    return [passed_over(Path(question.root))]


def _is_own(root: str, data: DataConfig) -> bool:
    return data.root is not None and os.path.realpath(root) == os.path.realpath(data.root)
