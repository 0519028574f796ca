"""The errors that a user can cause or meet: one line of text each, and its exit code.

PositivityError
├── UsageError    2  an option or argument that cannot be used
├── InputError    3  a file, column or encoding that cannot be read
├── AccessError   4  the token is missing, refused, or not allowed to do this
├── AccountError  5  an account that is not found, suspended or protected
├── LimitError    6  rate limit, monthly cap, credits, spending limit
├── NetworkError  7  the service cannot be reached or does not answer as it should
├── StateError    9  our own files: a model or the store, missing, damaged, newer, or in use
└── Interrupted 130  the user stopped it
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


class AccessError(PositivityError):
    """The token is missing, refused, or not allowed to do this."""

    exit_code = 4


PARTLY_DONE = 8  # the exit code of a command that did some of its work; it said which it did not
NOT_FOUND = "not found"  # a state of an account: it is gone, or has a new name


class AccountError(PositivityError):
    """An account whose tweets cannot be read; `state` says what is the matter in a word or two."""

    exit_code = 5

    def __init__(self, message: str, state: str) -> None:
        super().__init__(message)
        self.state = state


class LimitError(PositivityError):
    """What the service, or the user's own budget, allows is used up."""

    exit_code = 6


class NetworkError(PositivityError):
    """The service cannot be reached, or does not answer as it should."""

    exit_code = 7


class StateError(PositivityError):
    """Our own files are not as they should be: missing, damaged, tampered with, newer, in use."""

    exit_code = 9


class Interrupted(PositivityError):
    """The user stopped the work; raised in the threads that do it."""

    exit_code = 130
