"""A search space: a template with holes that is filled into typed configs."""

import random
from collections.abc import Mapping
from typing import Any

from facesearch.config import RunConfig, SweepSettings
from facesearch.errors import InputError
from facesearch.space.fillers import Dice, Ends, Replay
from facesearch.space.holes import Hole, Point, Suggest, fill_holes, option_label, walk_holes
from facesearch.space.messages import model_faults
from facesearch.yaml_text import Document


class SearchSpace:
    """A checked space: it fills its holes and gives typed configs."""

    def __init__(self, document: Document) -> None:
        """Take a parsed file; use `load_space`, which checks it too."""
        raw = dict(document.value)
        self.document = document
        self.settings_raw = {k: raw.pop(k) for k in SweepSettings.model_fields if k in raw}
        self.template = raw

    @property
    def settings(self) -> SweepSettings:
        """The sweep's own parts: name, search and resources."""
        return SweepSettings.model_validate(self.settings_raw)

    def fill(self, suggest: Suggest) -> tuple[Point, dict[str, Any]]:
        """Fill every hole that applies.

        Returns:
            The point (flat: hole name to value) and the complete raw config.

        """
        point: Point = {}
        return point, fill_holes(self.template, "", suggest, point)

    def config(self, point: Mapping[str, Any]) -> RunConfig:
        """Return the typed config of a point that was drawn before."""
        return RunConfig.model_validate(self.fill(Replay(point))[1])

    def draw(self, rng: random.Random) -> tuple[Point, RunConfig]:
        """Draw one random point."""
        point, raw = self.fill(Dice(rng))
        return point, RunConfig.model_validate(raw)

    def first_config(self) -> RunConfig:
        """Return the config with every number at its low end and every first option."""
        return RunConfig.model_validate(self.fill(Ends())[1])

    def first_points(self) -> list[Point]:
        """Return the points to try first, with options by the names that holes know them by."""
        return [
            {name: option_label(value) for name, value in point.items()}
            for point in self.settings.search.first_points
        ]

    def with_settings(self, **search: Any) -> "SearchSpace":
        """Return the space with other search settings (``name`` too); None keeps the file's.

        Raises:
            InputError: If a value is not allowed.

        """
        given = {key: value for key, value in search.items() if value is not None}
        space = SearchSpace(self.document)
        space.settings_raw = dict(self.settings_raw)
        if "name" in given:
            space.settings_raw["name"] = given.pop("name")
        space.settings_raw["search"] = {**space.settings_raw.get("search", {}), **given}
        if faults := list(model_faults(self.document, SweepSettings, space.settings_raw)):
            raise InputError(" ".join(sentence for _, sentence in faults))
        return space

    def holes(self) -> list[Hole]:
        """Return every hole, conditional ones too, in the order of the file."""
        return [hole for hole, _ in walk_holes(self.template, "", ())]
