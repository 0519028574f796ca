"""The errors that a user can cause or meet: one line of text each, and its exit code.

PositivityError
├── UsageError    2  an option or argument that cannot be used
├── InputError    3  a file, column or encoding that cannot be read
└── StateError    9  our own files: a model that is missing, damaged or was tampered with
"""


class PositivityError(Exception):
    """Base of all errors that end a command with one line on stderr.

    The message says what happened and what to do about it.
    """

    exit_code = 1


class UsageError(PositivityError):
    """An option or an argument that cannot be used."""

    exit_code = 2


class InputError(PositivityError):
    """A file, a column or an encoding that cannot be read."""

    exit_code = 3


class StateError(PositivityError):
    """Our own files are not as they should be: a model missing, damaged or tampered with."""

    exit_code = 9
