"""What can go wrong on the way to a server, as our own errors."""

import socket
from collections.abc import Iterator
from typing import Any

import requests
import urllib3.exceptions

from positivity.errors import NetworkError
from positivity.sources.x_errors import Failure, shown


def failure_of_exception(error: Exception, host: str) -> Failure:
    """What kept a request from being answered: the network, or how the answer broke off."""
    causes = list(_causes(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if has(urllib3.exceptions.ProxyError, requests.exceptions.ProxyError):
        sentence = f"the proxy on the way to {host} does not work; check HTTPS_PROXY and NO_PROXY"
        return Failure(NetworkError(sentence))
    if has(socket.gaierror, urllib3.exceptions.NameResolutionError):
        sentence = f"there is no address for {host} (DNS); check the network, and --api-url"
        return Failure(NetworkError(sentence), retries=1)
    if has(urllib3.exceptions.SSLError, requests.exceptions.SSLError):
        sentence = (
            f"no secure connection to {host} (TLS); check this machine's clock, its certificates, "
            f"and whether a proxy stands between ({shown(causes[-1])})"
        )
        return Failure(NetworkError(sentence))
    if has(ConnectionRefusedError):
        sentence = f"{host} refuses the connection; check the network, and --api-url"
        return Failure(NetworkError(sentence), retries=1)
    if has(urllib3.exceptions.NewConnectionError):
        sentence = f"{host} cannot be reached; check the network, and --api-url"
        return Failure(NetworkError(sentence), retries=1)
    if has(TimeoutError, urllib3.exceptions.TimeoutError, requests.exceptions.Timeout):
        sentence = f"{host} did not answer in time; try again later"
        return Failure(NetworkError(sentence), retries=2)
    sentence = f"the connection to {host} broke off; try again later"
    return Failure(NetworkError(sentence), retries=3)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it wraps, outermost first."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [getattr(cause, "reason", None), *cause.args]
            waiting += [cause.__cause__, cause.__context__]
