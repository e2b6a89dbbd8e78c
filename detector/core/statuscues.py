"""Words that tell how far an event has come, and which sentences of an article say so.

The status of an event is seldom in one sentence: the truce is called, holds and is broken in three. Its model therefore
reads a mean over the article: the best sentences, every sentence that is at all about the event, and the title. Beside the
features of those sentences it counts cues, expressions that speak for one status; the model learns what each is worth, so a
cue is no rule ("extended" is one for `extended`, which an old wish to have it extended can outweigh).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from detector.core.aggregation import probability
from detector.core.eventtypes import ALL_STATUSES
from detector.core.vectors import Floats

_CUES: Final[Mapping[str, str]] = {
    "proposed": (
        r"call(?:s|ed|ing)? (?:for|on)|demand\w*|urg\w+|propos\w+|offer\w*|push\w*|negotiat\w*|talks|appeal\w*|seek\w*|"
        r"broker a|resolution|would|could|plan|hop(?:e|es|ed|ing)|want\w*|ask\w*|need|must|should|draft|suggest\w*|effort\w*"
    ),
    "agreed": (
        r"agree(?:d|s|ment)?|deal|declar\w+|announc\w+|sign(?:ed|s|ing)?|reach\w*|accept\w*|brokered|"
        r"to (?:begin|start|take effect)|will (?:begin|start|take effect)|set to|due to|pact|unilateral"
    ),
    "in_force": (
        r"hold(?:s|ing)|held|took effect|taken? effect|takes effect|came into (?:force|effect)|went into effect|"
        r"in (?:effect|place|force)|began|begun|begins|largely|quiet|calm\w*|lull|under (?:the|a) (?:truce|ceasefire)|"
        r"since the (?:truce|ceasefire|armistice)|continu\w+ to|halt(?:ed|s|ing)|maintain\w*|implement\w*|stopp?(?:ed|s)?|"
        r"day of the (?:truce|ceasefire)"
    ),
    "extended": r"exten(?:d|ds|ded|ding|sion)|prolong\w*|renew(?:ed|al|s|ing)?|roll\w* over|another|further|lengthen\w*",
    "violated": (
        r"violat\w+|breach\w*|broke the|breaking the|broken the|despite (?:a|the|an)|in spite of|accus\w+|flout\w*|"
        r"respect\w* the|observe the|adher\w+|abide\w*|comply|undermin\w*|sporadic|first day|hours (?:after|into)"
    ),
    "collapsed": (
        r"collaps\w+|broken? down|break(?:s|ing)? down|unravel\w*|shatter\w*|expired?|no longer|is (?:over|dead)|was over|"
        r"fell apart|fall\w* apart|in tatters|ended?|withdr\w+ from|pulled out|called off|buried|fail(?:ed|ure|s)?|"
        r"resum\w+ (?:the )?(?:fight|bomb|strike|air|attack|offensive|shell|militar|hostilit)\w*|"
        r"renewed (?:fighting|offensive|bomb\w+|air\w*|attack\w*)|since the (?:collapse|end|breakdown)"
    ),
    "rejected": (
        r"reject\w*|refus\w+|ruled? out|rul(?:es|ing) out|dismiss\w*|spurn\w*|turn\w* down|oppos\w*|not agree|no ceasefire|"
        r"not accept|veto\w*|unacceptable|will not|never"
    ),
    "planned": (
        r"order(?:ed|s|ing)?|warn\w*|advis\w+|told to|urg\w+|mandatory|voluntary|must|will|plan\w*|prepar\w*|"
        r"to be (?:evacuated|moved|taken|flown|bused)|should|asked to|alert|set to|expected to|ready to|call(?:s|ed) for|"
        r"notice|instruct\w*|going to|would"
    ),
    "underway": (
        r"evacuees?|shelters?|forced to evacuate|evacuating|are being|is being|being evacuated|began|begun|begin|begins|"
        r"continu\w+|start(?:ed|s|ing)?|leaving|so far|under ?way|so many|arriv\w+|on the way|still|more than|thousands"
    ),
    "completed": (
        r"(?<!be )(?<!being )(?<!to )evacuated|forced the evacuations?|evacuations? took place|prompt\w* (?:the )?evacuation|"
        r"evacuat\w+ (?:on|last|earlier)|"
        r"(?:was|were|been) (?:evacuated|moved|taken|flown|bused|removed|cleared|airlifted|relocated)|"
        r"finished|complet\w+|last (?:bus|group|convoy|people|civilians|fighters)|all (?:of )?the|had evacuated|have left|"
        r"re-?open\w*|return(?:ed)? (?:home|to)|all[- ]clear|returned|after|later"
    ),
    "obstructed": (
        r"halt\w*|block\w*|attack(?:ed)?|suspend\w*|stall\w*|delay\w*|burn(?:ed|t|ing)?|set (?:fire|ablaze)|prevent\w*|"
        r"refus\w*|turned back|trapped|stuck|unable|stopp\w*|postpon\w*|hold\w* up|held up|obstruct\w*|stop"
    ),
    "cancelled": r"lifted|return home|false alarm|cancel\w*|called off|lift(?:s|ing)?|rescind\w*|scrap\w*|reversed|dropped",
    "alleged": (
        r"alleg\w+|accus\w+|claim\w*|activists?|according to|witness\w*|opposition|monitor\w*|observatory|says?|blam\w+|"
        r"rights group|human rights watch|amnesty|denounc\w*|condemn\w*"
    ),
    "reported": (
        r"killed|dead|died|shot|gunned|bomb\w+|explo\w+|blew|opened fire|attack\w*|beheaded|executed|"
        r"claim(?:ed|s|ing)? responsib\w+|massacr\w*"
    ),
    "confirmed": (
        r"confirm\w*|convict\w*|found|conclu\w+|determin\w+|tribunal|court|guilty|inquiry|investigat\w+|ruled|established|"
        r"un (?:report|inquiry|investigators|commission)|verdict|sentenced|evidence|finding\w*|state department|"
        r"officially|formally"
    ),
    "denied": (
        r"den(?:y|ies|ied|ial|ying)|reject\w*|dismiss\w*|refut\w*|insist\w*|false|fabricat\w*|propaganda|baseless|"
        r"not target"
    ),
    "announced": (
        r"will|plan\w*|to (?:be|hold|host|perform|march|gather|light)|announc\w+|scheduled|set (?:for|to)|upcoming|next|"
        r"tomorrow|going to|organiz\w+|invit\w+|expected|later"
    ),
    "held": (
        r"gathered|held|marched|rallied|lit|attended|joined|stood|observed|said|paid|wore|yesterday|hundreds|thousands|"
        r"tweeted|wrote|declared|sang|chant\w*|laid"
    ),
}
_EXPRESSIONS: Final = {status: re.compile(rf"\b(?:{_CUES[status]})\b") for status in ALL_STATUSES}
_EVENT: Final = re.compile(
    r"ceasefire|truce|armistice|cessation|hostilities|pause|lull|evacu\w+|airlift\w*|bused|relocat\w*|"
    r"vigil\w*|solidarity|rally|march\w*|silence|tribute\w*|memorial|concert"
)
_NEAR_CHARS: Final = 45
"""Letters between a cue and a word of the event within which the cue is likely about it."""

CUES: Final = 2 * len(ALL_STATUSES)
"""Cues per sentence: of each status one anywhere in the sentence, then one near a word of the event."""

CUE_SCALE: Final = 0.3
"""Value of a cue that is present, against features whose blocks have lengths of 0.4 to 0.7; by cross-validation."""

BEST: Final = 3
BEST_SHARE: Final = 0.5
"""A sentence is among the best when its probability is at least this share of the best one's."""

RELATED: Final = 0.05
"""Probability from which a sentence is taken to be about the event at all."""

TITLE_SHARE: Final = 0.4


def cue_row(words: Sequence[str], statuses: Sequence[str]) -> Floats:
    """Return the cues for some statuses in a sentence of normalised words, shape (CUES,), `CUE_SCALE` where present."""
    text = " ".join(words)
    event = [match.start() for match in _EVENT.finditer(text)]
    row = np.zeros(CUES)
    for status in statuses:
        anywhere = 2 * ALL_STATUSES.index(status)
        for match in _EXPRESSIONS[status].finditer(text):
            row[anywhere] = CUE_SCALE
            if any(abs(match.start() - place) < _NEAR_CHARS for place in event):
                row[anywhere + 1] = CUE_SCALE
                break
    return row


def own_cues(statuses: Sequence[str]) -> list[int]:
    """Return which cues speak for some statuses: those of other types tell nothing of an event's own."""
    return [2 * ALL_STATUSES.index(status) + near for status in statuses for near in (0, 1)]


def sentence_shares(scores: Floats, *, first_is_title: bool) -> Floats:
    """Return how much each sentence of an article tells of an event's status, shape of `scores` (log-odds, at least one).

    The best ones in falling measure, all that are related alike, and the title.
    """
    chances = probability(scores)
    order = np.argsort(-scores, kind="stable")[:BEST]
    best = order[chances[order] >= BEST_SHARE * chances[order[0]]]
    falling = 1.0 / (1.0 + np.arange(len(best)))
    related = chances >= RELATED
    related[best[0]] = True
    shares: Floats = related / related.sum()
    shares[best] += falling / falling.sum()
    if first_is_title:
        shares[0] += TITLE_SHARE
    return shares


def article_row(
    shares: Floats, rows: "csr_matrix[Any]", first: int, words: Sequence[Sequence[str]], statuses: Sequence[str]
) -> tuple[NDArray[np.int64], Floats]:
    """Return columns and values of the row that an event's status is read from; a column's values may be in pieces.

    The columns are those of `rows`, then the cues. The article's sentences, which `shares` and `words` are about, have the
    rows from `first` on. Of the cues only those for `statuses`, the legal ones of the event's type, are looked for.
    """
    used = np.flatnonzero(shares).tolist()
    cues = sum((shares[n] * cue_row(words[n], statuses) for n in used), np.zeros(CUES))
    # Plain slices: to multiply sparse matrices took most of the time of an article that fires.
    parts = [slice(rows.indptr[first + n], rows.indptr[first + n + 1]) for n in used]
    columns = [*(rows.indices[part] for part in parts), rows.shape[1] + np.arange(CUES)]
    values = [*(shares[n] * rows.data[part] for n, part in zip(used, parts, strict=True)), cues]
    return np.concatenate(columns), np.concatenate(values)
