# Copyright (c) clipbert_mm contributors.
"""Application of Starlette around a library: page, JSON API, media."""

import inspect
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    Response,
)
from starlette.routing import Route

from clipbert_mm.annotations.strict_json import StrictJSONError, decode_all

from .errors import RequestError
from .metrics import Metrics
from .open_file_response import OpenFileResponse
from .service import LibraryService

#: Hosts under which a service on this machine is reached.
LOCAL_HOSTS = ('127.0.0.1', 'localhost')

_HEADERS = {
    'Content-Security-Policy': (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self'; media-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
}
_STATIC = {
    'page.html': 'text/html; charset=utf-8',
    'page.js': 'text/javascript; charset=utf-8',
    'page.css': 'text/css; charset=utf-8',
}

# Threads that refuse requests while all others wait for the model.
_REFUSING = 8
# Threads that cut moments out, one of which does at a time.
_CUTTING = 8

_Answer = Callable[[Request], Any]


def make_app(
    service: LibraryService, hosts: Sequence[str] = LOCAL_HOSTS
) -> Starlette:
    """Return the application of a service.

    Args:
        service (LibraryService): The service.
        hosts (Sequence[str]): Hosts that requests may name. Others are
            refused, so that no page of the web reaches a local service by a
            name of its own. Defaults to those of this machine.

    Returns:
        Starlette: Application for any ASGI server.

    Example:
        >>> app = make_app(LibraryService(
        ...     VideoLibrary('index')))  # doctest: +SKIP
        >>> uvicorn.run(app, host='127.0.0.1')  # doctest: +SKIP
    """
    metrics = Metrics()
    # Long waits have threads of their own, so that images need not wait.
    waiting = CapacityLimiter(service.limits.waiting + _REFUSING)
    cutting = CapacityLimiter(_CUTTING)
    routes = [
        _get('/', metrics, lambda _: _static('page.html')),
        _get('/page.js', metrics, lambda _: _static('page.js')),
        _get('/page.css', metrics, lambda _: _static('page.css')),
        _get('/favicon.ico', metrics, lambda _: Response(status_code=204)),
        Route('/healthz', partial(_health, metrics), methods=['GET']),
        _get(
            '/metrics',
            metrics,
            lambda _: PlainTextResponse(metrics.text(service.gauges())),
        ),
        _get('/api/about', metrics, lambda _: _about(service)),
        _post('/api/search', metrics, service, service.search, waiting),
        _post('/api/ask', metrics, service, service.ask, waiting),
        _post('/api/feedback', metrics, service, service.judge),
        _post('/v1/rerank', metrics, service, service.rerank, waiting),
        _get(
            '/api/videos/{id:int}/similar',
            metrics,
            lambda r: service.similar(r.path_params['id']),
        ),
        _get(
            '/api/videos/{id:int}/explanation',
            metrics,
            lambda r: Response(
                service.explain(
                    r.path_params['id'], r.query_params.get('query', '')
                ),
                media_type='image/jpeg',
            ),
            waiting,
        ),
        _get(
            '/api/videos/{id:int}/clips/{clip:int}.jpg',
            metrics,
            lambda r: Response(
                service.thumbnail(r.path_params['id'], r.path_params['clip']),
                media_type='image/jpeg',
            ),
        ),
        _get(
            '/api/videos/{id:int}/moment.mp4',
            metrics,
            _moment(service),
            cutting,
        ),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
        ],
    )


async def _health(metrics: Metrics, _: Request) -> Response:
    async def work() -> dict[str, str]:
        return dict(status='ok')

    return await _measured('/healthz', metrics, work)


def _get(
    path: str,
    metrics: Metrics,
    answer: _Answer,
    threads: CapacityLimiter | None = None,
) -> Route:
    async def respond(request: Request) -> Response:
        return await _measured(
            path, metrics, lambda: run_sync(answer, request, limiter=threads)
        )

    return Route(path, respond, methods=['GET'])


def _post(
    path: str,
    metrics: Metrics,
    service: LibraryService,
    answer: Callable[..., Any],
    threads: CapacityLimiter | None = None,
) -> Route:
    async def work(request: Request) -> Any:
        values = await _read_object(request, service.limits.body_bytes)
        return await run_sync(_call, answer, values, limiter=threads)

    async def respond(request: Request) -> Response:
        return await _measured(path, metrics, lambda: work(request))

    return Route(path, respond, methods=['POST'])


async def _measured(
    path: str, metrics: Metrics, work: Callable[[], Awaitable[Any]]
) -> Response:
    """Answer a request, and count it."""
    start = time.perf_counter()
    try:
        found = await work()
        response = (
            found if isinstance(found, Response) else JSONResponse(found)
        )
    except RequestError as error:
        response = JSONResponse(dict(error=str(error)), error.status)
        if error.status == 503:
            response.headers['Retry-After'] = '5'
    response.headers.update(_HEADERS)
    metrics.add(path, response.status_code, time.perf_counter() - start)
    return response


async def _read_object(request: Request, most: int) -> dict[str, Any]:
    """Return the body of a request, a JSON object of bounded size."""
    # A form of another page cannot send this type without being asked first.
    kind = request.headers.get('content-type', '').partition(';')[0].strip()
    if kind.lower() != 'application/json':
        raise RequestError(
            f'expected Content-Type: application/json, but got {kind!r:.40}.',
            415,
        )
    body = b''
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise RequestError(f'a body may have at most {most} bytes.', 413)
    try:
        values = decode_all(body.decode())
    except (StrictJSONError, UnicodeError, ValueError) as error:
        raise RequestError(f'expected a JSON object, but {error}.') from error
    if not isinstance(values, dict):
        raise RequestError(
            f'expected a JSON object, but got {type(values).__name__}.'
        )
    return values


#: Members of requests, by the arguments that they stand for.
_MEMBERS = {'video': 'id'}
#: Members of other services' requests that change nothing here.
_IGNORED = ('model', 'return_documents')


def _call(answer: Callable[..., Any], values: dict[str, Any]) -> Any:
    """Call a method of the service with the members of a request."""
    parameters = inspect.signature(answer).parameters
    known = {_MEMBERS.get(name, name): name for name in parameters}
    given = {
        name: value for name, value in values.items() if name not in _IGNORED
    }
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise RequestError(
            f'unknown member {unknown[0]!r:.40}; known are {", ".join(known)}.'
        )
    for member, name in known.items():
        is_required = parameters[name].default is inspect.Parameter.empty
        if is_required and member not in given:
            raise RequestError(f'the member {member!r} is missing.')
    return answer(**{known[name]: value for name, value in given.items()})


def _moment(service: LibraryService) -> _Answer:
    def answer(request: Request) -> Response:
        times = []
        for name in ('start', 'end'):
            text = request.query_params.get(name, '')
            try:
                times.append(float(text))
            except ValueError as error:
                raise RequestError(
                    f'{name} must be a number of seconds, but got '
                    f'{text!r:.40}.'
                ) from error
        file = service.moment(request.path_params['id'], *times)
        return OpenFileResponse(file, media_type='video/mp4')

    return answer


def _about(service: LibraryService) -> dict[str, Any]:
    about = service.library.store.description
    return dict(
        model=about.model.rpartition('/')[2],
        answers_questions=service.answerer is not None,
        **service.gauges(),
    )


def _static(name: str) -> Response:
    content = files('clipbert_mm.serving').joinpath('static', name)
    return Response(content.read_bytes(), media_type=_STATIC[name])
