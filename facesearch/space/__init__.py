"""A search space is a training config with holes in it.

Any value of the config may be a distribution: ``{uniform: [low, high]}``, ``{log_uniform: [..]}``,
``{int: [..]}``, ``{log_int: [..]}`` (both ends included) or ``{choice: [..]}``; an option of a
choice may be a whole mapping with holes of its own, which makes a space conditional. The parts
``name``, ``search`` and ``resources`` belong to the sweep and have no holes.

Not in this module: who proposes the points (`tuning/search.py`).
"""

from facesearch.space.check import load_space, space_from_text
from facesearch.space.holes import Hole, Point
from facesearch.space.schema import json_schema
from facesearch.space.search_space import SearchSpace

__all__ = ["Hole", "Point", "SearchSpace", "json_schema", "load_space", "space_from_text"]
