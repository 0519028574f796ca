"""Runs the stand-in by hand: `python -m tests.standin --port 8080 --timeline FILE`."""

import argparse
import time

from tests.standin.faults import FAULTS
from tests.standin.server import Standin
from tests.standin.service import TOKEN, Budget
from tests.standin.world import FAILING, SPECIAL, World


def main() -> None:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes any that is free")
    add("--token", default=TOKEN, help="the only token that is accepted (default: %(default)s)")
    add("--timeline", metavar="FILE", action="append", default=[], help="a file of tweets to serve")
    add("--generate", metavar="HANDLE=N", action="append", default=[], help="N posts from the seed")
    add("--seed", type=int, default=1)
    add("--refuse", choices=["tweet", "post"], help="the vocabulary to refuse")
    add("--specified", action="store_true", help="take only what the specification lists")
    add("--limit", type=int, help="requests per window for timelines")
    add("--window", type=float, default=900, help="seconds of a window")
    add("--delay", type=float, default=0, help="seconds that each answer takes")
    add("--fault", metavar="[ENDPOINT:]N[-M]=NAME", action="append", default=[])
    add("--list", action="store_true", help="list faults and special handles")
    options = parser.parse_args()
    if options.list:
        print("faults:", *FAULTS)
        print("handles:", *SPECIAL, f"{FAILING}<fault>")
        return
    vocabularies = [word for word in ("tweet", "post") if word != options.refuse]
    world = World().special()
    with Standin(
        world, port=options.port, token=options.token, vocabularies=vocabularies
    ) as standin:
        standin.specified, standin.delay = options.specified, options.delay
        if options.limit is not None:
            standin.limits["timeline"] = Budget(options.limit, options.window)
        for fault in options.fault:
            standin.plan_text(fault)
        for path in options.timeline:
            for user in world.read(path):
                print(f"@{user.handle}: {len(user.posts)} posts")
        for text in options.generate:
            handle, _, count = text.partition("=")
            world.generate(handle, int(count), seed=options.seed)
            print(f"@{handle}: {count} posts")
        print(f"serving {standin.url} with the token {standin.token}", flush=True)
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            bill = standin.bill()
            print(f"\n{len(standin.log)} requests, {bill.posts} posts and {bill.users} users:")
            print(f"${bill.dollars:.3f}")


if __name__ == "__main__":
    main()
