"""Telling somebody that a condition starts or stops to hold: a command of theirs, or a mail."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from positivity.account.condition import Condition, values_of
from positivity.account.report import Report
from positivity.report.machine import SCHEMA_VERSION, to_dict
from positivity.report.sanitize import sanitize
from positivity.report.words import tweets
from positivity.tokens import VARIABLE

PATIENCE = 60.0  # seconds for a command to end
_LONGEST = 300  # characters of what a command complained of
# Where sendmail lies; the PATH of cron seldom has it.
_FOLDERS = ("/usr/sbin", "/usr/lib", "/usr/local/sbin", "/opt/homebrew/sbin")


class NotTold(Exception):
    """The command or the mail failed; the text says how, in a line."""


@dataclass(frozen=True, slots=True)
class Notice:
    """When to tell, and how: by a command, by mail, or both."""

    when: Condition
    command: tuple[str, ...] = ()
    mail: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from other notices."""
        return json.dumps([self.when.text, self.command, self.mail])

    @property
    def ways(self) -> tuple["Notice", ...]:
        """The command and the mail apart: where one fails, the other has told all the same."""
        command, mail = Notice(self.when, self.command), Notice(self.when, mail=self.mail)
        return tuple(way for way in (command, mail) if way.command or way.mail)


def tell(notice: Notice, report: Report, *, holds: bool) -> None:
    """Run the command or send the mail.

    Raises:
        NotTold: that failed.
    """
    _run_command(notice, report, holds)
    _send_mail(notice, report, holds)


def document(notice: Notice, report: Report, *, holds: bool) -> dict[str, object]:
    """What a command gets on its standard input, as JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "event": "starts" if holds else "stops",
        "condition": notice.when.text,
        "subject": report.subject,
        "figures": values_of(report) | {"verdict": report.verdict.word},
        "report": to_dict(report),
    }


def mail_of(notice: Notice, report: Report, *, holds: bool) -> bytes:
    """The mail; it quotes no tweet."""
    what = "holds now" if holds else "holds no longer"
    subject, condition = sanitize(report.subject), sanitize(notice.when.text)
    message = EmailMessage(policy=SMTP)
    message["To"] = ", ".join(notice.mail)
    message["Subject"] = f"{subject}: {condition} {what}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"The tweets of {subject}: {condition} {what}.\n\n"
        f"{sanitize(report.verdict.sentence)}\n"
        f"{sanitize(notice.when.why(report))}\n"
        f"{tweets(report.counts.counted)} counted, of {report.counts.found:,}\n"
        f"model {sanitize(report.model.name)} {sanitize(report.model.version)}\n\n"
        "This is about the tweets, not about who wrote them.\n"
    )
    return message.as_bytes()


def _run_command(notice: Notice, report: Report, holds: bool) -> None:
    if notice.command:
        data = json.dumps(document(notice, report, holds=holds), allow_nan=False)
        _run(notice.command, data.encode())


def _send_mail(notice: Notice, report: Report, holds: bool) -> None:
    if not notice.mail:
        return
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_FOLDERS))
    program = shutil.which("sendmail", path=path)
    if program is None:
        raise NotTold("there is no sendmail here to send mail with; use a command instead")
    # -t: to whom the mail says; -oi: a line with only a dot does not end it.
    _run((program, "-t", "-oi"), mail_of(notice, report, holds=holds))


def _run(command: Sequence[str], data: bytes) -> None:
    """Run a command with some bytes as its input, without the token of X's API."""
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # ValueError: a null in an argument
        why = getattr(error, "strerror", None) or error
        raise NotTold(f"{command[0]}: cannot be run ({why})") from None
    try:
        _, said = process.communicate(data, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise NotTold(f"{command[0]}: did not end within {PATIENCE:g} s") from None
    except BaseException:
        _kill(process)
        raise
    if process.returncode:
        why = sanitize(said.decode("utf-8", "replace"))[-_LONGEST:]
        raise NotTold(f"{command[0]}: ended with {process.returncode}{f' ({why})' if why else ''}")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Ends a command with all that it started."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for pipe in (process.stdin, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()
