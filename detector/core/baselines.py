"""Two detectors to be measured against: the keyword list of a practitioner, and the text classifier of a tutorial."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from detector.core.eventtypes import EVENT_TYPES, STATUSES, EventType
from detector.core.labelled import LabelledArticle
from detector.core.records import Article, Classification, Finding
from detector.core.vectors import Floats

KEYWORDS: Final[Mapping[EventType, str]] = {
    EventType.CEASEFIRE: r"cease-?\s?fires?|truces?|armistice|cessation of hostilities|humanitarian pause",
    EventType.EVACUATION: r"evacuat\w+|evacuees?|airlift\w*|bused out|flee their homes|ordered to leave",
    EventType.ATROCITY: (
        r"massacr\w+|genocid\w+|atrocit\w+|war crimes?|crimes against humanity|ethnic cleansing|mass graves?|"
        r"tortur\w+|summary executions?|chemical (?:attack|weapons?)|behead\w+|civilians? (?:were )?killed|"
        r"kill\w* (?:\w+ ){0,3}civilians|"
        r"suicide bomb\w*|terror(?:ist)? attacks?"
    ),
    EventType.SOLIDARITY: (
        r"solidarity|vigils?|minute'?s?'? (?:of )?silence|moment of silence|half-?\s?(?:mast|staff)|"
        r"st(?:and|ands|ood|anding) with|tributes?|lit up in"
    ),
}
"""What someone who knows the news would search for, one expression per type, case ignored."""

_EXPRESSIONS: Final = {kind: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for kind, pattern in KEYWORDS.items()}
_HALF: Final = 0.5


def classify_by_keywords(articles: Sequence[Article]) -> list[Classification]:
    """Return a finding for each type whose keyword stands in title or text; its score grows with the number of hits."""
    answers: list[Classification] = []
    for article in articles:
        body = f"{article.title or ''}\n{article.text}"
        hits = {kind: len(expression.findall(body)) for kind, expression in _EXPRESSIONS.items()}
        answers.append(_answer({kind: count / (count + 1) for kind, count in hits.items()}))
    return answers


class DocumentBaseline:
    """Word and bigram TF-IDF of the whole article with logistic regression, one per type, threshold one half."""

    def __init__(self, articles: Sequence[LabelledArticle]) -> None:
        """Train on labelled articles; every type must occur, and be absent, somewhere."""
        self._vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        matrix = self._vectorizer.fit_transform([_body(labelled.article) for labelled in articles])
        self._models: list[Any] = []
        for kind in EVENT_TYPES:
            model = LogisticRegression(C=10.0, class_weight="balanced", solver="liblinear", random_state=0)
            self._models.append(model.fit(matrix, np.array([kind in labelled.labels for labelled in articles])))

    def classify(self, articles: Sequence[Article]) -> list[Classification]:
        """Return a finding without evidence for each type with a probability of at least one half."""
        return [_answer(dict(zip(EVENT_TYPES, map(float, row), strict=True))) for row in self.chances(articles)]

    def chances(self, articles: Sequence[Article]) -> Floats:
        """Return `predict_proba` of the four types, shape (articles, types); nothing else, as the yardstick of speed."""
        matrix = self._vectorizer.transform([_body(article) for article in articles])
        return np.stack([model.predict_proba(matrix)[:, 1] for model in self._models], axis=1)


def _body(article: Article) -> str:
    return f"{article.title or ''}\n{article.text}"


def _answer(scores: dict[EventType, float]) -> Classification:
    findings = tuple(
        Finding(type=kind, status=STATUSES[kind][0], confidence=score, threshold=_HALF, evidence=(), why=())
        for kind, score in scores.items()
        if score >= _HALF
    )
    return Classification(scores=scores, findings=findings)
