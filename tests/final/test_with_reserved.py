from types import SimpleNamespace

import pytest
from faces_on_disk import drawn_people

from facesearch.config import DataConfig, RunConfig
from facesearch.data.faces import load_faces, read_reserve
from facesearch.data.layouts import read_layout
from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle
from facesearch.final.finalize import Choice, Final, finalize
from facesearch.final.leaks import DIGESTS
from facesearch.final.plan import Plan
from facesearch.final.with_reserved import FOLDER, refuse_nothing_reserved, with_everything
from facesearch.tracking.store import resolve_store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Finalize a run on an ordinary folder of people, with what was reserved as well."""
    place = tmp_path_factory.mktemp("ordinary")
    root = drawn_people(place / "my faces", identities=60, each=6)
    config = RunConfig.model_validate({
        "data": {"root": str(root), "image_px": 16},
        "model": {"num_stages": 2, "width": 8, "embedding_dim": 16},
        "head": {"type": "softmax"}, "train": {"epochs": 2, "batch_size": 16},
    })  # fmt: skip
    store = resolve_store(None, place / "runs")
    client = store.client()
    tags = {
        "facesearch.kind": "trial", "facesearch.outcome": "completed",
        "facesearch.config": config.model_dump_json(),
    }  # fmt: skip
    run_id = client.create_run(store.experiment_id(client), tags=tags).info.run_id
    choice = Choice(Plan(), with_reserved=True, registers=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACESEARCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        final = finalize(store, run_id, choice, runs_dir=place / "runs")
    return SimpleNamespace(root=root, config=config, final=final)


def test_an_ordinary_folder_gets_figures_of_what_no_search_has_seen(made: SimpleNamespace) -> None:
    final: Final = made.final
    for name in ("dev/top1", "unknown_dev/rank1", "unknown_test/rank1", "unknown_test/eer"):
        figure = final.report.figures[name]
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
    model = load_bundle(final.folder / "model")
    assert {"eer", "rejection", "fpir_0.1"} <= set(model.thresholds)
    assert not any("NOT MEASURED" in note for note in final.report.notes)
    reserve = read_reserve(made.config.data)
    assert model.provenance["reserved"] == reserve.about()
    held = set(reserve.folder.unknown_test.identities) | set(reserve.folder.known.identities)
    assert not held & set(model.identities)


def test_the_search_sees_nothing_of_it(made: SimpleNamespace) -> None:
    faces = load_faces(made.config.data)
    folder = read_reserve(made.config.data).folder
    seen = len(faces.train) + len(faces.strangers) + len(faces.closed)
    everything = len(read_layout(made.root).train)
    assert seen == len(folder.train) < everything
    assert faces.reserve is not None and faces.reserve.about() != {}


def test_the_model_of_everybody_has_the_figures_of_the_one_that_was_measured(
    made: SimpleNamespace,
) -> None:
    measured = load_bundle(made.final.folder / "model")
    whole = load_bundle(made.final.folder / FOLDER)
    assert len(whole.identities) == 60 > len(measured.identities)
    values = [{n: found.value for n, found in m.thresholds.items()} for m in (whole, measured)]
    assert values[0] == values[1] and whole.provenance["reserved"] == {}
    assert all("networks without them" in one.fitted_on for one in whole.thresholds.values())
    assert whole.temperature is None
    card = (made.final.folder / FOLDER / "README.md").read_text()
    assert "not of this model but of the same networks" in card
    sizes = [len((made.final.folder / place / DIGESTS).read_bytes()) for place in ("model", FOLDER)]
    assert sizes[1] == 8 * 360 > sizes[0]


def test_faces_with_sets_of_their_own_have_nothing_more_to_train_on() -> None:
    with pytest.raises(InputError, match="--with-reserved: nothing of these faces is reserved"):
        refuse_nothing_reserved(DataConfig())


def test_only_the_reserve_of_a_stage_is_changed(small_config: RunConfig) -> None:
    (stage,) = with_everything((small_config,))
    assert stage.data.reserve.is_off
    assert stage.model_copy(update={"data": small_config.data}) == small_config
