"""States that earlier versions have saved, made into what this one wants."""

from collections.abc import Mapping
from typing import Any

from facesearch.training.average import is_of_network_alone, with_head


def upgraded(state: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the state of a training as this version would have saved it.

    Returns:
        The state, and a line for each thing of it that was not known before.

    Raises:
        KeyError: If it is the state of no training.

    """
    found, notes = dict(state), []
    average = found["average"]
    if average is not None and is_of_network_alone(average):
        found["average"] = with_head(average, found["head"])
        notes.append(
            "the checkpoint is of an earlier version, whose EMA was of the network alone: that of "
            "the head begins with its last weights"
        )
    return found, notes
