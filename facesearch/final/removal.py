"""Removing a final model: its versions, its run, its folder; nothing else.

The folder comes last: killed before, the same command resumes. MLflow keeps a run that was marked
deleted, with its files, until its own ``mlflow gc``.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from facesearch.errors import InputError
from facesearch.final.champion import CHAMPION
from facesearch.final.folder import only_one
from facesearch.final.listing import FinalModel, Version
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling

# isort: split
from mlflow.exceptions import MlflowException


def refuse_champion(model: FinalModel) -> None:
    """Refuse to remove a model that others may rely on.

    Raises:
        InputError: If it is a champion.

    """
    crowned = [version.address for version in model.versions if CHAMPION in version.aliases]
    if crowned:
        raise InputError(
            f"{model.name} is the champion, {', '.join(crowned)}: whoever asks for that gets "
            "nothing once it is removed. Give --force to remove it all the same."
        )


def remove_model(model: FinalModel, store: Store) -> None:
    """Remove a model's versions, mark its run deleted, and remove its folder.

    Args:
        model: As `facesearch.final.listing` has it.
        store: Its MLflow store; it is not asked if the model has neither run nor version there.

    Raises:
        InputError: If the store fails, or a finalize works in the folder, or it cannot be removed.

    """
    if model.folder is None:
        _remove_from_store(model, store)
        return
    if model.folder.is_symlink():
        raise InputError(f"{model.folder}: is a link; remove what it leads to by hand.")
    with only_one(model.folder):
        _remove_from_store(model, store)
        _remove_folder(model.folder)


def _remove_folder(folder: Path) -> None:
    """Remove a folder: it is gone at once, whenever this is killed."""
    gone = folder.with_name(f".removed-{folder.name}")
    try:
        shutil.rmtree(gone, ignore_errors=True)  # what a killed command has left
        os.replace(folder, gone)
        shutil.rmtree(gone)
    except OSError as error:
        raise InputError(f"{folder}: cannot be removed wholly ({error.strerror}).") from None


def _remove_from_store(model: FinalModel, store: Store) -> None:
    if not (model.versions or model.run_id):
        return
    with telling(store, f"{model.name} was not removed wholly: "):
        client = store.client()
        for version in model.versions:
            _remove_version(client, version)
        if model.run_id:
            client.delete_run(model.run_id)


def _remove_version(client: Any, version: Version) -> None:
    for alias in version.aliases:
        with suppress(MlflowException):  # a store may have taken it away with the version
            client.delete_registered_model_alias(version.name, alias)
    client.delete_model_version(version.name, version.number)
