"""The exceptions of libmtcnn. Each carries the one line that the program `mtcnn` prints for the same fault: where, what was found, what was
expected, what to do. All but Interrupted are also exceptions that Python itself would raise."""


class Error(Exception):
    """The world is not as it should be: a file, a value, a device."""


class UsageError(Error, ValueError):
    """Wrong arguments or configuration."""


class NotFoundError(Error, FileNotFoundError):
    """A file or folder that is not there."""


class UnreadableError(Error, OSError):
    """A file that exists but cannot be read."""


class UnwritableError(Error, OSError):
    """A file that cannot be written."""


class BadFormatError(Error, ValueError):
    """A file whose content is not what it should be."""


class UnsupportedError(Error, ValueError):
    """Well formed, but of a kind or version that is not handled."""


class Interrupted(KeyboardInterrupt):
    """Stopped by the user; what was finished is kept, and the same call goes on where the message says so."""


class InternalError(RuntimeError):
    """A bug in libmtcnn."""
