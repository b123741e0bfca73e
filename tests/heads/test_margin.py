import pytest
from head_cases import batch, make

from facesearch.config import HEAD_CONFIGS
from facesearch.heads import HEADS
from facesearch.heads.margin import MarginHead

WITH_MARGIN = [n for n, c in HEAD_CONFIGS.items() if "margin_warmup" in c.model_fields]


def test_every_head_with_a_margin_may_let_it_grow() -> None:
    assert {n for n, head in HEADS.items() if issubclass(head, MarginHead)} == set(WITH_MARGIN)


@pytest.mark.parametrize("name", WITH_MARGIN)
def test_a_margin_grows_from_nothing(name: str) -> None:
    (faces, labels), full = batch(), make(name).eval()
    head = make(name, margin_warmup=0.5).eval()
    losses = []
    for progress in (0.0, 0.25, 0.5, 1.0):
        head.set_progress(progress)
        losses.append(head.loss(faces, labels).item())
    assert losses[0] < losses[1] < losses[2] == losses[3]
    assert losses[3] == pytest.approx(full.loss(faces, labels).item())
