"""All charts of a final model: of every score where its faces are at hand, else of its report."""

from dataclasses import dataclass, field

from facesearch.report.bands import Band, cmc_band, dir_band, roc_band
from facesearch.report.chart import Chart
from facesearch.report.final_faces import SeenFaces
from facesearch.report.final_source import FinalSource
from facesearch.report.model_charts import (
    curse_chart,
    group_charts,
    seeds_chart,
    shift_chart,
    training_chart,
)
from facesearch.report.pair_charts import (
    det_chart,
    reliability_chart,
    roc_chart,
    roc_points_chart,
    scores_chart,
)
from facesearch.report.search_charts import (
    KINDS,
    cmc_chart,
    cmc_of_tables,
    dir_chart,
    dir_points_chart,
)


@dataclass(frozen=True)
class FinalCharts:
    """The charts by what they are about; nobody is named in any."""

    pairs: list[Chart] = field(default_factory=list)
    search: list[Chart] = field(default_factory=list)
    training: list[Chart] = field(default_factory=list)
    evenness: list[Chart] = field(default_factory=list)

    @property
    def all(self) -> list[Chart]:
        """Every chart, in the order of the page."""
        return [*self.pairs, *self.search, *self.training, *self.evenness]


def draw_charts(source: FinalSource) -> FinalCharts:
    """Draw all that can be drawn; the bands take a thousand draws of all pairs."""
    report = source.report
    training = [
        training_chart(source.curves),
        seeds_chart(report.tables.get("seeds", []), report.figures),
        curse_chart(report.tables),
    ]
    return FinalCharts(
        pairs=_kept([*_pair_charts(source), reliability_chart(report.tables)]),
        search=_kept(_search_charts(source)),
        training=_kept(training),
        evenness=_kept([shift_chart(report.tables), *group_charts(report.tables)]),
    )


def _kept(charts: list[Chart | None]) -> list[Chart]:
    return [chart for chart in charts if chart is not None]


def _pair_charts(source: FinalSource) -> list[Chart | None]:
    seen, found = source.seen, [] if source.seen is None else source.seen.pair_scores
    if seen is None or not found:
        return [roc_points_chart(source.report.figures)]
    bands = [roc_band(scores) for scores in found]
    least = {scores.name: 1 / scores.ranks.num_genuine for scores in found}
    thresholds = source.model.thresholds if source.model else {}
    histograms = [scores_chart(scores, thresholds) for scores in found]
    return [roc_chart(bands), det_chart(bands, least), *histograms]


def _search_charts(source: FinalSource) -> list[Chart | None]:
    report, seen = source.report, source.seen
    if seen is None or not any(len(search.places) for search in seen.searches):
        bands, people = cmc_of_tables(report.tables, report.figures)
        cmc = cmc_chart(bands, people) if bands else None
        return [cmc, dir_points_chart(report.figures)]
    mated = [search for search in seen.searches if len(search.places) and search.num_people > 1]
    people = {search.name: search.num_people for search in mated}
    charts = [cmc_chart([cmc_band(search) for search in mated], people) if mated else None]
    of_kinds = _dir_bands(seen)
    return [*charts, dir_chart(of_kinds) if of_kinds else None]


def _dir_bands(seen: SeenFaces) -> dict[str, list[Band]]:
    found = {
        kind: [b for search in seen.searches if (b := dir_band(search, kind)) is not None]
        for kind in KINDS
    }
    return {kind: bands for kind, bands in found.items() if bands}
