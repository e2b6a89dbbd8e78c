"""The errors that people see. The class tells what may help: trying again, a change by a person, or asking otherwise.

Each message is one sentence or two: what happened, in which field or setting, and what to do.
"""

from typing import ClassVar, Final

INTERRUPTED_STATUS: Final = 130
"""Exit status of a command that Ctrl-C ended: 128 and the number of SIGINT, as shells have it."""


class DetectorError(Exception):
    """Base of every error that is shown without a stack trace."""

    exit_status: ClassVar[int] = 1


class UsageError(DetectorError):
    """The command was asked for something that it cannot mean; exit status 2."""

    exit_status: ClassVar[int] = 2


class SettingsError(UsageError):
    """A setting has a value that cannot work; the message names its variable."""


class TransientError(DetectorError):
    """Something outside is away for now: hold what is in hand and try again."""


class BrokerUnavailableError(TransientError):
    """No broker answers at the configured address."""


class TopicMissingError(DetectorError):
    """The broker does not have a topic."""


class PermanentError(DetectorError):
    """Trying again cannot help; a person must change something first."""


class ModelError(PermanentError):
    """A model file is damaged, of another version, or missing."""


class DeadLetterLimitError(PermanentError):
    """So large a share of recent input was rejected that the input or the detector must be wrong."""
