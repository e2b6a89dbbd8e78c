"""Makes the sketch that correlation compares an article by, so that it needs no text."""

from collections.abc import Sequence

from detector.core.correlation.dates import stated_day
from detector.core.correlation.families import agency_of
from detector.core.correlation.sampling import sample_text
from detector.core.correlation.terms import TermWeights, terms_of
from detector.core.records import Article, Evidence, Sketch


def sketch_of(article: Article, evidence: Sequence[Evidence], weights: TermWeights) -> Sketch:
    """Return the sketch of an article as the carrier of a finding with this evidence."""
    return Sketch(
        terms=terms_of(article, evidence, weights),
        copies=sample_text(article.text),
        stated_on=stated_day(article.text, article.published_at),
        agency=agency_of(article.text),
    )
