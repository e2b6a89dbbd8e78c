"""Stops a worker that would divert everything: a high share of rejections means the input or the detector is wrong."""

from collections import deque
from collections.abc import Iterable

from detector.errors import DeadLetterLimitError
from detector.settings import DeadLetterSettings


class DeadLetterLimit:
    """Watches the share of rejections among the most recent records."""

    def __init__(self, settings: DeadLetterSettings) -> None:
        self._settings = settings
        self._recent: deque[bool] = deque(maxlen=settings.window_records)
        self._rejected = 0

    def check(self, rejections: Iterable[bool]) -> None:
        """Take in a batch, one flag a record; raises `DeadLetterLimitError` once the share is passed."""
        for rejected in rejections:
            if len(self._recent) == self._recent.maxlen:
                self._rejected -= self._recent[0]
            self._recent.append(rejected)
            self._rejected += rejected
        seen, share = len(self._recent), self._rejected / max(1, len(self._recent))
        if seen >= self._settings.min_records and share > self._settings.max_share:
            message = (
                f"{self._rejected} of the last {seen} records were rejected, more than "
                f"DETECTOR_DEAD_LETTERS__MAX_SHARE={self._settings.max_share:g} allows. Nothing of this batch was "
                "committed. Look at `detector rejected list`, mend the producer, or raise the limit."
            )
            raise DeadLetterLimitError(message)
