"""A stand-in for X's API v2, on this machine: for tests, demonstrations and benchmarks.

By hand: `python -m tests.standin --port 8080 --timeline tweets.jsonl`, then
`positivity check @handle --api-url http://127.0.0.1:8080`.
"""

from tests.standin.faults import FAULTS, Fault
from tests.standin.server import Standin
from tests.standin.service import TOKEN, Bill, Budget, Logged, Service, VirtualClock
from tests.standin.world import Post, User, World

__all__ = [
    "FAULTS",
    "TOKEN",
    "Bill",
    "Budget",
    "Fault",
    "Logged",
    "Post",
    "Service",
    "Standin",
    "User",
    "VirtualClock",
    "World",
]
