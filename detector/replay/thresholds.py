"""Writes an operating point as settings, in the form of an environment file."""

from detector.core.eventtypes import EVENT_TYPES
from detector.replay.figures import Named, correctness_of
from detector.replay.judgement import Judgement
from detector.report.numbers import number, rate


def thresholds_file(judgement: Judgement, figures: dict[str, Named]) -> str:
    """Return the candidate's thresholds as `DETECTOR_THRESHOLDS__` variables, with what the run says of each."""
    candidate, right = judgement.candidate, correctness_of(judgement)
    lines = [
        f"# Thresholds from replay {one_line(judgement.run.meta.get('run_id', '?'))} of model {candidate.digest}.",
        f"# Labels: {one_line(judgement.question.labels_source or 'none') if right else 'none'}.",
        "# For a shell: set -a; . ./FILE; set +a. For systemd: EnvironmentFile=. For containers: --env-file.",
        f"DETECTOR_THRESHOLDS__MODEL={candidate.digest}",
    ]
    for kind in EVENT_TYPES:
        told = f"{rate(figures[f'{kind.value}_alerts_per_day'].value)} alerts a day"
        if right:
            told += (
                f", {rate(figures[f'{kind.value}_false_alarms_per_day'].value)} of them false"
                f", precision {number(figures[f'{kind.value}_precision_all'].value)}"
                f", recall {number(figures[f'{kind.value}_recall_all'].value)}"
            )
        lines += [f"# {told}", f"DETECTOR_THRESHOLDS__{kind.name}={candidate.thresholds[kind]:g}"]
    return "\n".join(lines) + "\n"


def one_line(text: object) -> str:
    """Return text that cannot end a comment."""
    return " ".join(str(text).split())
