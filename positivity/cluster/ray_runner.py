"""Ray Data as the runner: stateful actors with the model, one for each GPU or core of a cluster."""

import logging
import os
import pickle
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from typing import Any, Self

from positivity.cluster.runner import Item, LocalRunner, Result, Worker
from positivity.errors import PositivityError, StateError, UsageError

_OBJECT_STORE = 256 << 20  # bytes; what travels are paths, keys and tallies, never the tweets
_PATIENCE = 20.0  # seconds


class RayRunner:
    """Runs on the cluster that RAY_ADDRESS names or that this machine is in, else on this machine.

    Whatever a dead worker was at is done again by another.
    """

    def __init__(self, device: str) -> None:
        """Joins the cluster, or starts one of this machine's cores that ends with this object.

        Raises:
            UsageError: Ray is not installed, or there is no such cluster, or no GPU in it.
        """
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else it talks on stderr
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise UsageError(
                f"--runner ray needs Ray ({error}): pip install 'positivity[ray]'"
            ) from None
        with ExitStack() as stack:
            # Ray prints on stdout when a worker dies; that is where the report goes.
            stack.enter_context(redirect_stdout(sys.stderr))
            if not ray.is_initialized():
                stack.callback(ray.shutdown)
                _join(ray)
            resources = ray.cluster_resources()
            self._cores, self._gpus = int(resources.get("CPU", 1)), int(resources.get("GPU", 0))
            if device == "cuda" and not self._gpus:
                raise UsageError(
                    "--device cuda: the Ray cluster has no GPU; --device cpu does without"
                )
            self._stack = stack.pop_all()
        self.spread = max(self._cores, 2)  # never all of a machine for one worker

    def map(
        self,
        worker: Worker[Item, Result],
        arguments: Mapping[str, Any],
        items: Sequence[Item],
        *,
        device: str | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """The result for each item with its number, as they come."""
        import ray
        from ray.data import ActorPoolStrategy

        if device is None and len(items) < 2:  # not worth an actor
            yield from LocalRunner().map(worker, arguments, items)
            return
        if not items:
            return
        on_gpu = device in ("auto", "cuda") and self._gpus > 0
        needs = {"num_gpus": 1} if on_gpu else {"num_cpus": 1}
        actors = min(len(items), self._gpus if on_gpu else max(1, self._cores))
        rows = [{"number": number, "item": pickle.dumps(item)} for number, item in enumerate(items)]
        dataset = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Actor,
            fn_constructor_args=[worker, dict(arguments)],
            batch_size=1,
            compute=ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=2),
            **needs,
        )
        try:
            for row in dataset.iter_rows():
                result = pickle.loads(row["result"])
                if isinstance(result, PositivityError):
                    raise result
                yield int(row["number"]), result
        except ray.exceptions.RayError as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
            raise StateError(
                f"Ray could not do it ({reason}); what was scored is kept, --resume goes on"
            ) from error

    def close(self) -> None:
        """Leaves the cluster; one that was started for this ends."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Actor:
    """A worker inside of an actor of Ray Data.

    Errors that a user can cause travel as results: Ray would wrap them, and try again in vain.
    """

    def __init__(self, worker: Worker[Any, Any], arguments: Mapping[str, Any]) -> None:
        self._work: Any
        try:
            self._work = worker(**arguments)
        except PositivityError as error:
            self._work = error

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """The result for a batch of one item."""
        result = self._work
        if not isinstance(result, PositivityError):
            try:
                result = self._work(pickle.loads(batch["item"][0]))
            except PositivityError as error:
                result = error
        return {"number": [int(batch["number"][0])], "result": [pickle.dumps(result)]}


def _join(ray: Any) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = os.environ.get("RAY_ADDRESS", "")
    try:
        _reach(address)
        ray.init(address="auto", **options)
    except (OSError, RuntimeError, ray.exceptions.RayError) as error:
        if address or not isinstance(error, ConnectionError):
            raise UsageError(
                f"RAY_ADDRESS={address}: no Ray cluster answers there, or it wants a token "
                "(RAY_AUTH_MODE=token, RAY_AUTH_TOKEN)"
            ) from error
        ray.init(
            address="local",
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE,
            **options,
        )
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def _reach(address: str) -> None:
    """Raises OSError when nothing answers at a host and port; Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in address:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
