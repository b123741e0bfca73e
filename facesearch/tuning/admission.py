"""What is refused before a sweep starts: faces and weights that do not fit, points too large."""

from facesearch.config import RunConfig, absolute_root
from facesearch.data.faces import Faces
from facesearch.errors import InputError
from facesearch.models import build_network
from facesearch.models.init import load_initial_weights, refuse_known_strangers
from facesearch.space import SearchSpace
from facesearch.space.first_weights import check_first_weights
from facesearch.training.memory import room_of_trial, training_bytes
from facesearch.tuning.limits import Limits


def first_config(space: SearchSpace, root: str | None) -> RunConfig:
    """Return one config of the space: what is the same for all trials can be read from it."""
    return absolute_root(space.first_config(), root)


def check_objective(space: SearchSpace, *, has_closed_set: bool) -> None:
    """Refuse an objective that the faces do not allow.

    Raises:
        InputError: If ``val/top1`` is asked for, and no faces of trained identities are held out.

    """
    objective = space.settings.search.objective
    names = [objective] if isinstance(objective, str) else list(objective)
    if "val/top1" in names and not has_closed_set:
        raise InputError(
            f"{space.document.source}: search.objective val/top1 needs data.held_out_faces > 0 and "
            "identities of 3 faces or more; use val/rank1 instead."
        )


def check_initial_weights(space: SearchSpace, config: RunConfig, faces: Faces) -> None:
    """Refuse first weights that no trial could use, before any is started."""
    check_first_weights(space)
    if config.model.init is not None:
        network = build_network(config.model, config.data.image_px)
        refuse_known_strangers(load_initial_weights(network, config.model), config, faces)


def limits_of(
    space: SearchSpace, root: str | None, faces: Faces, gpus: float, busy: int, *, is_local: bool
) -> Limits:
    """Refuse what can never fit this machine beside others; of other nodes nothing is known."""
    if not is_local:
        return Limits(space)

    def memory_bytes(config: RunConfig) -> int:
        return training_bytes(
            absolute_root(config, root), len(faces.identities), num_faces=len(faces.train),
            num_held_out=len(faces.strangers),
        ).total  # fmt: skip

    return Limits(space, memory_bytes, room_of_trial(gpus, busy))
