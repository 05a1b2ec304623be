# Copyright (c) clipbert_mm contributors.
"""Run a service as replicas of Ray Serve, on one machine or many."""

import dataclasses
import logging
import os.path as osp
import threading
from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.ray_engine import EXTRA, connected
from clipbert_mm.library.store import IndexStore
from clipbert_mm.utils.extras import import_extra

from .app import LOCAL_HOSTS, make_app
from .feedback import Feedback
from .limits import ServiceLimits
from .running import bound_socket
from .service import LibraryService

#: Name of the application and of its deployment, as Ray lists them.
NAME = 'clipbert_mm'

# Requests that a replica has at once: some wait for the model, and images,
# which do not, go past them.
_AT_ONCE = ServiceLimits().waiting + 64
# Seconds between two looks at the replicas, and those that an end may take.
_LOOK, _END = 2.0, 5.0
# Of the proxy and of replicas: no line for each request.
_LOGGING = dict(enable_access_log=False)


@dataclasses.dataclass(frozen=True)
class Replica:
    """Index and models that a replica opens.

    Args:
        index (str): Folder of the index, which all nodes reach.
        model (str | None): Model. Defaults to None: that of the index.
        weights (str | None): Checkpoint. Defaults to None.
        device (str | None): Device. Defaults to None: a GPU if the replica
            has one.
        qa_model (str | None): Model that answers questions. Defaults to
            None: questions are refused.
    """

    index: str
    model: str | None = None
    weights: str | None = None
    device: str | None = None
    qa_model: str | None = None

    def checked(self) -> 'Replica':
        """Return the same with absolute paths, after a look at the index.

        Returns:
            Replica: For any working directory.

        Raises:
            LibraryError: If there is no index.
        """
        store = IndexStore(self.index)
        # Now, because replicas that made the table at once would lose rows.
        Feedback(store)
        return Replica(
            _absolute(self.index),
            _absolute(self.model or store.description.model),
            self.weights and _absolute(self.weights),
            self.device,
            self.qa_model and _absolute(self.qa_model),
        )

    def app(self, hosts: Sequence[str]) -> Starlette:
        """Return the application of a replica.

        Args:
            hosts (Sequence[str]): Hosts that requests may name.

        Returns:
            Starlette: The application, with an index of its own.
        """
        library = VideoLibrary(
            self.index, self.model, self.weights, self.device
        )
        answerer = None
        if self.qa_model is not None:
            answerer = ClipBERTInferencer(self.qa_model, device=self.device)
        return make_app(LibraryService(library, answerer=answerer), hosts)


def serve_on_ray(
    replica: Replica,
    host: str,
    port: int,
    names: Sequence[str] = (),
    replicas: int = 1,
    address: str | None = None,
    started: Callable[[str], None] | None = None,
) -> None:
    """Serve until the process is asked to end, which ends the replicas.

    A proxy on the head of the cluster listens, and hands each request to a
    replica. Each replica is a process with an index and a model of its own,
    and a GPU, or a CPU where the cluster has no GPU. Ray starts another one
    for a replica that dies: what it was doing is answered with status 500.

    Args:
        replica (Replica): What a replica opens.
        host (str): Address that is listened on.
        port (int): Port; 0 for a free one.
        names (Sequence[str]): Further names of the machine. Defaults to
            ``()``.
        replicas (int): Number of replicas. Defaults to 1.
        address (str | None): Address of the cluster, such as ``'auto'``.
            Defaults to None: a cluster of this machine, for this run alone.
        started (Callable[[str], None] | None): Called with the address once
            all replicas answer. Defaults to None.

    Raises:
        ImportError: If Ray Serve is not installed.
        LibraryError: If there is no index.
        OSError: If the address is in use.
        RuntimeError: If a replica cannot open its index.
        ValueError: If the cluster is too small, or serves already.
    """
    ray = import_extra('ray', EXTRA)
    serve = import_extra('ray.serve', EXTRA)
    if not osp.isdir(replica.index):
        replica.checked()  # refuses it before a cluster starts
    with bound_socket(host, port) as free:
        port = free.getsockname()[1]
    logging.getLogger('ray.serve').setLevel(logging.WARNING)
    with connected(ray, address):
        if _runs_serve(ray):
            raise ValueError(
                'Ray Serve runs on this cluster already, and has one address. '
                'End it with `serve shutdown`, or use another cluster.'
            )
        resources = plan_replica(ray.cluster_resources(), replicas, replica)
        try:
            serve.start(
                proxy_location='HeadOnly',
                http_options=dict(host=host, port=port),
                logging_config=_LOGGING,
            )
            hosts = (*LOCAL_HOSTS, host, *names)
            deployment = _deployment(
                serve, replica.checked(), hosts, replicas, resources
            )
            serve.run(deployment.bind(), name=NAME)
            if started is not None:
                started(f'http://{host}:{port}/')
            threading.Event().wait()
        finally:
            serve.shutdown()


def _runs_serve(ray: Any) -> bool:
    """Return whether Ray Serve runs on the connected cluster.

    After another cluster has ended, `serve.status()` still asks that one.
    """
    controller = dict(name='SERVE_CONTROLLER_ACTOR', namespace='serve')
    return controller in ray.util.list_named_actors(all_namespaces=True)


def plan_replica(
    there: dict[str, float], replicas: int, replica: Replica
) -> dict[str, float]:
    """Return what a replica has of a cluster, so that none waits for ever.

    Args:
        there (dict[str, float]): ``'CPU'`` and ``'GPU'`` of the cluster.
        replicas (int): Number of replicas.
        replica (Replica): Its device decides whether a GPU is wanted.

    Returns:
        dict[str, float]: ``num_cpus`` and ``num_gpus``.

    Raises:
        ValueError: If the cluster has too few of them.

    Example:
        >>> plan_replica({'CPU': 16, 'GPU': 2}, 2, Replica('index'))
        {'num_cpus': 0, 'num_gpus': 1}
        >>> plan_replica({'CPU': 2}, 2, Replica('index'))
        {'num_cpus': 1, 'num_gpus': 0}
    """
    on_gpu = replica.device != 'cpu' and there.get('GPU', 0) >= 1
    unit = 'GPU' if on_gpu else 'CPU'
    number = int(there.get(unit, 0))
    if number < replicas:
        raise ValueError(
            f'{replicas} replicas need a {unit} each, but the cluster has '
            f'{number}. Lower replicas, or add nodes.'
        )
    return dict(num_cpus=int(not on_gpu), num_gpus=int(on_gpu))


def _deployment(
    serve: Any,
    replica: Replica,
    hosts: Sequence[str],
    replicas: int,
    resources: dict[str, float],
) -> Any:
    def build() -> Starlette:
        return replica.app(hosts)

    return serve.deployment(
        name=NAME,
        num_replicas=replicas,
        ray_actor_options=resources,
        max_ongoing_requests=_AT_ONCE,
        max_queued_requests=_AT_ONCE,
        max_constructor_retry_count=1,
        health_check_period_s=_LOOK,
        graceful_shutdown_wait_loop_s=_LOOK / 4,
        graceful_shutdown_timeout_s=_END,
        logging_config=_LOGGING,
    )(serve.ingress(build)())


def _absolute(name: str) -> str:
    """Return an absolute path; names of the hub and addresses stay."""
    return osp.abspath(name) if osp.exists(name) else name
