"""What is passed over of the faces that a model is asked about, for reports: a line a folder."""

import os
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.layouts.account import account_at
from facesearch.data.left_out import left_out_lines, left_out_of
from facesearch.final.asked_faces import Question
from facesearch.final.pictures import accounts_of
from facesearch.final.targets import REPORTED


def left_out_of_question(question: Question, data: DataConfig) -> list[str]:
    """Return a line for each folder of which something is passed over; a list of pairs has none.

    Args:
        question: What is asked about.
        data: Of the model that is asked: where its own faces are.

    Raises:
        InputError: If a folder cannot be listed.

    """
    if question.pairs is not None:
        return []
    if question.gallery is not None and question.probes is not None:
        accounts = accounts_of([question.gallery, question.probes])
        return [line for one in accounts for line in left_out_lines(one)]
    if question.root is None or _is_own(question.root, data):
        return left_out_of(data, REPORTED)
    return left_out_lines(account_at(Path(question.root)))


def _is_own(root: str, data: DataConfig) -> bool:
    return data.root is not None and os.path.realpath(root) == os.path.realpath(data.root)
