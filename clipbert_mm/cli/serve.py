# Copyright (c) clipbert_mm contributors.
"""Serve a page and a JSON API that search an index of videos.

On this machine alone unless --host names another address. Needs the extras
`search` and `web`. With --engine ray (extra `ray`) replicas of Ray Serve
answer, each a process with a GPU or a CPU and a model of its own; one that
dies is replaced. Ctrl-C ends the service.

Example:
    clipbert-mm serve library
    clipbert-mm serve library --port 9000 --qa-model demo-qa
    clipbert-mm serve library --host 0.0.0.0 --allow-host search.example.org
    clipbert-mm serve library --engine ray --replicas 4 --address auto
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import typer

from clipbert_mm.utils.checks import check_choice

from . import options
from .options import usage_error
from .running import Outcome, run, say
from .search import Index, OwnModel

#: What serves an index.
ENGINES = ('local', 'ray')
#: Index, model, weights, device and model that answers questions.
Opening = tuple[str, str | None, str | None, str | None, str | None]


def serve(
    index: Index,
    host: Annotated[
        str, typer.Option(help='Address that is listened on.')
    ] = '127.0.0.1',
    port: Annotated[
        int, typer.Option(min=0, max=65535, help='Port; 0: a free one.')
    ] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar='NAME',
            help='Further name under which browsers reach this machine.',
        ),
    ] = None,
    qa_model: Annotated[
        str | None,
        typer.Option(
            metavar='MODEL', help='Model that answers questions, as demo-qa.'
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help='local, or ray: replicas of Ray Serve, on a cluster.'
        ),
    ] = 'local',
    replicas: Annotated[
        int | None,
        typer.Option(
            min=1, metavar='N', help='Replicas of Ray Serve; default: 1.'
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            metavar='ADDRESS',
            help='Ray cluster, such as auto; default: this machine alone.',
        ),
    ] = None,
    model: OwnModel = None,
    weights: options.Weights = None,
    device: options.Device = None,
    debug: options.Debug = False,
) -> None:
    """Serve a page that searches an index of videos."""
    _check_engine(engine, replicas, address)
    opening = (index, model, weights, device, qa_model)
    where = (host, port, allow_host or ())
    work = partial(serve_here, opening)
    if engine == 'ray':
        work = partial(serve_on_cluster, opening, replicas or 1, address)
    run(lambda: work(*where), False, debug)


def _check_engine(
    engine: str, replicas: int | None, address: str | None
) -> None:
    """Raise unless the options fit the engine."""
    try:
        check_choice('engine', engine, ENGINES)
    except ValueError as error:
        raise usage_error(str(error), '--engine') from None
    for name, value in (('--replicas', replicas), ('--address', address)):
        if value is not None and engine != 'ray':
            raise usage_error('needs --engine ray.', name)


def serve_here(
    opening: Opening, host: str, port: int, names: Sequence[str]
) -> Outcome:
    """Serve from this process.

    Args:
        opening (Opening): Index, model, weights, device and model that
            answers questions.
        host (str): Address that is listened on.
        port (int): Port; 0 for a free one.
        names (Sequence[str]): Further names of this machine.

    Returns:
        Outcome: When it has ended.
    """
    from clipbert_mm.apis import ClipBERTInferencer
    from clipbert_mm.library import VideoLibrary
    from clipbert_mm.serving.running import serve_forever
    from clipbert_mm.serving.service import LibraryService

    index, model, weights, device, qa_model = opening
    library = VideoLibrary(index, model, weights, device)
    answerer = ClipBERTInferencer(qa_model) if qa_model else None
    service = LibraryService(library, answerer=answerer)
    serve_forever(service, host, port, names, _say_address(opening))
    return Outcome({}, 'stopped')


def serve_on_cluster(
    opening: Opening,
    replicas: int,
    address: str | None,
    host: str,
    port: int,
    names: Sequence[str],
) -> Outcome:
    """Serve from replicas of Ray Serve.

    Args:
        opening (Opening): Index, model, weights, device and model that
            answers questions.
        replicas (int): Number of replicas.
        address (str | None): Address of the cluster.
        host (str): Address that is listened on.
        port (int): Port; 0 for a free one.
        names (Sequence[str]): Further names of the machine.

    Returns:
        Outcome: When it has ended.
    """
    from clipbert_mm.serving.ray_serving import Replica, serve_on_ray

    serve_on_ray(
        Replica(*opening),
        host,
        port,
        names,
        replicas,
        address,
        _say_address(opening),
    )
    return Outcome({}, 'stopped')


def _say_address(opening: Opening) -> Callable[[str], None]:
    return lambda url: say(f'serving {opening[0]} on {url}; Ctrl-C stops')
