"""Builds `detector/data/term_weights.bin.gz`: how rare each word is in the news, hashed.

Run from the repository root: `python -m seeds.term_weights.build ../shared/gold/train.jsonl`. The same inputs give the same
bytes. The articles of the corpus under `seeds/corpus` are counted too.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from detector.core.correlation.terms import BUCKETS, DATA_FILE, SCALE, content_words

HERE: Final = Path(__file__).parent
TARGET: Final = HERE.parent.parent / "detector" / "data" / DATA_FILE
CORPUS: Final = HERE.parent / "corpus"


def table(texts: list[str]) -> bytes:
    """Return ln((1 + texts) / (1 + texts with the word)) of each bucket, times `SCALE`, as bytes."""
    vectorizer = HashingVectorizer(
        analyzer=content_words, n_features=BUCKETS, binary=True, norm=None, alternate_sign=False
    )
    counts = np.asarray((vectorizer.transform(texts) > 0).sum(axis=0)).ravel()
    rarity = np.log((1 + len(texts)) / (1 + counts))
    return np.clip(np.rint(rarity * SCALE), 0, 255).astype(np.uint8).tobytes()


def main() -> None:
    """Read the named files and the corpus, write the table."""
    files = [Path(name) for name in sys.argv[1:]] + sorted(CORPUS.glob("*.jsonl"))
    texts = []
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            texts.append(f"{record.get('title') or ''}\n{record['text']}")
    TARGET.write_bytes(gzip.compress(table(texts), mtime=0))
    print(f"{len(texts)} texts, {TARGET.stat().st_size} bytes")  # noqa: T201 - a tool says what it did


if __name__ == "__main__":
    main()
