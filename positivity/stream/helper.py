"""Helper processes: further ones of this program, that score a part of the chunks of a stream.

Most stages of scoring are Python, and of all threads of a process one runs Python at a time. So
what lets a large input use several cores is processes. They are started as any program is, with
the same Python: a fork would copy the threads of pyarrow and ONNX Runtime half.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pickle import UnpicklingError
from typing import Any, Self

from positivity.analysis import Tallies
from positivity.errors import StateError
from positivity.stream.stages import Chunk
from positivity.stream.work import READY, Group, PackedChunk, Scores, Setting, receive, send

_CODE = "import sys; sys.path[:] = sys.argv[1:]; from positivity.stream.entry import main; main()"
_PATIENCE = 2.0  # seconds


class Helper:
    """A process that scores chunks of tweets, and ends when this one does."""

    def __init__(self, setting: Setting) -> None:
        """Starts it; it is ready a while later."""
        # Ctrl-C at a terminal reaches all processes of its group: one of them answers to it.
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        # -P: else modules would be looked for in the folder where the command is given.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **apart,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._to, self._from = self.process.stdin, self.process.stdout
        self._setting: Setting | None = setting
        self.lock = threading.Lock()  # held by the stream that uses it

    def wait(self) -> None:
        """Waits until it is ready.

        Raises:
            PositivityError: what keeps it from being ready.
        """
        if self._setting is not None:
            self._send(self._setting)
            self._setting = None
            answer = self._answer()
            assert answer == READY

    def begin(self, group: Group) -> None:
        """Tells it what the chunks to come are a part of."""
        self._send(group)

    def give(self, chunk: Chunk) -> None:
        """Gives it a chunk to score."""
        self._send(PackedChunk.of(chunk))

    def scores(self) -> Scores:
        """The scores of the chunk that it was given first of those that it still has.

        Raises:
            StateError: it was ended by somebody else.
            PositivityError: what it met with.
        """
        answer = self._answer()
        assert isinstance(answer, Scores)
        return answer

    def end(self) -> Tallies:
        """What it has tallied since `begin`; the errors are those of `scores`."""
        self._send(None)
        answer = self._answer()
        assert isinstance(answer, Tallies)
        return answer

    def _send(self, message: Any) -> None:
        try:
            send(self._to, message)
        except OSError:
            self._answer()  # it has ended: raises what it said last, if anything
            raise StateError(self._ending()) from None

    def _answer(self) -> Any:
        try:
            answer = receive(self._from)
        except (EOFError, OSError, UnpicklingError):
            raise StateError(self._ending()) from None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _ending(self) -> str:
        code = self.process.wait()
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return (
            f"a helper process was ended from outside ({how}), perhaps for want of memory; "
            "score again, with less else running"
        )

    def close(self) -> None:
        """Ends it, whatever it is at."""
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._from.close()
        with suppress(OSError):  # what was never read
            self._to.close()


class Helpers:
    """The helpers of a run: none at first, and as many as an input turns out to be worth."""

    def __init__(self, setting: Setting, most: int) -> None:
        """`most` is how many there may be."""
        self.most = most
        self._setting = setting
        self.started: list[Helper] = []  # in the order of their start

    def first(self, number: int) -> Iterator[Helper]:
        """So many helpers, or as many as can be started."""
        while len(self.started) < min(number, self.most):
            try:
                self.started.append(Helper(self._setting))
            except OSError:  # too many processes, or no Python to be found: one can do it all
                self.most = len(self.started)
        yield from self.started[:number]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self.started:
            helper.close()
