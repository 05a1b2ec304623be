# Copyright (c) clipbert_mm contributors.
"""Load a service: many clients at once, some of them careless or hostile.

``clipbert-mm serve`` runs in a process of its own, on this machine, with an
index of the videos of the demo. Each client sends one request after another;
every request must have its answer, and a refusal is one::

    python -m tools.benchmarks.serving --clients 100 --seconds 60
"""

import argparse
import http.client
import json
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from clipbert_mm.apis import demo_rows, demo_videos
from clipbert_mm.library import VideoLibrary

from .harness import machine_line, print_table
from .process_memory import resident_bytes

# Time that a client waits for an answer.
_PATIENCE = 120
# Handles that may be open for a moment after all clients have left.
_SPARE_HANDLES = 8
#: Status of a request without an answer.
LOST = 0
#: Status of a connection that was closed without an answer to no HTTP.
CLOSED = 1

_JSON = {'Content-Type': 'application/json'}
_GARBAGE = (
    b'\x16\x03\x01\x02\x00\x01\x00\x01',
    b'GET /\r\n\r\n',
    b'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
    b'GET /' + b'a' * 100_000 + b' HTTP/1.1\r\nHost: localhost\r\n\r\n',
    b'POST /api/search HTTP/1.1\r\nHost: localhost\r\n'
    b'Transfer-Encoding: chunked\r\n\r\nzz\r\n',
)


class Kind(NamedTuple):
    """A kind of request.

    Args:
        name (str): Its name.
        weight (int): How often it is sent, relative to others.
        send (Callable[[random.Random, str], int]): Sends one to an address,
            and returns the status of the answer.
        right (tuple[int, ...]): Statuses of right answers.
    """

    name: str
    weight: int
    send: Callable[[random.Random, str], int]
    right: tuple[int, ...]


class Answer(NamedTuple):
    """Answer to a request.

    Args:
        kind (str): Name of its kind.
        status (int): Status of HTTP, :data:`LOST` or :data:`CLOSED`.
        seconds (float): Time that it took.
    """

    kind: str
    status: int
    seconds: float


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(description='Load a service.')
    for name, default, meaning in (
        ('--clients', 100, 'clients at once'),
        ('--seconds', 60, 'duration'),
        ('--videos', 24, 'videos of the index'),
        ('--clips', 16, 'clips of a video'),
    ):
        parser.add_argument(
            name,
            type=int,
            default=default,
            help=f'{meaning} (default: %(default)s)',
        )
    return parser.parse_args(argv)


def make_kinds(library: VideoLibrary) -> list[Kind]:
    """Return the requests to a service of a library.

    Args:
        library (VideoLibrary): The library.

    Returns:
        list[Kind]: Right, careless and hostile ones.
    """
    texts = [row['caption'] for row in demo_rows()]
    rows = [row for row in library.videos() if row.clips]
    ids = [row.video for row in rows]

    def post(path: str, make: Callable[[random.Random], Any]) -> Any:
        def send(rng: random.Random, address: str) -> int:
            body = json.dumps(make(rng))
            return ask(address, 'POST', path, body, _JSON)

        return send

    def get(make: Callable[[random.Random], str], **headers: str) -> Any:
        return lambda rng, address: ask(
            address, 'GET', make(rng), None, headers
        )

    def moment(rng: random.Random) -> str:
        row = rng.choice(rows)
        start = int(10 * rng.random() * row.seconds) / 10
        return (
            f'/api/videos/{row.video}/moment.mp4?start={start}'
            f'&end={start + 0.5}'
        )

    busy = (200, 503)
    return [
        Kind(
            'search',
            20,
            post('/api/search', lambda r: dict(query=r.choice(texts))),
            busy,
        ),
        Kind(
            'rerank',
            10,
            post(
                '/v1/rerank',
                lambda r: dict(query=r.choice(texts), documents=ids[:8]),
            ),
            busy,
        ),
        Kind(
            'similar',
            5,
            get(lambda r: f'/api/videos/{r.choice(ids)}/similar'),
            (200,),
        ),
        Kind(
            'image',
            20,
            get(lambda r: f'/api/videos/{r.choice(ids)}/clips/0.jpg'),
            (200,),
        ),
        Kind('moment', 5, get(moment), (200,)),
        Kind('part of a moment', 5, get(moment, Range='bytes=0-99'), (206,)),
        Kind('page', 10, get(lambda _: '/'), (200,)),
        Kind('health', 10, get(lambda _: '/healthz'), (200,)),
        *_wrong_kinds(post, get),
    ]


def _wrong_kinds(post: Any, get: Any) -> list[Kind]:
    """Return careless and hostile requests."""
    return [
        Kind(
            'wrong members',
            2,
            post(
                '/api/search',
                lambda r: r.choice([[], {}, dict(query=3), dict(x=1)]),
            ),
            (400,),
        ),
        Kind(
            'unknown words',
            2,
            post('/api/search', lambda _: dict(query='жук')),
            (400, 503),
        ),
        Kind(
            'no JSON',
            2,
            lambda _, to: ask(to, 'POST', '/api/search', '{"query"', _JSON),
            (400,),
        ),
        Kind(
            'large body',
            2,
            post('/v1/rerank', lambda _: dict(query='a' * 100_000)),
            (413,),
        ),
        Kind(
            'no such video',
            2,
            get(lambda r: f'/api/videos/{r.randrange(10**9, 10**30)}/similar'),
            (404,),
        ),
        Kind(
            'file outside',
            2,
            get(
                lambda r: r.choice(
                    [
                        '/../../etc/passwd',
                        '/api/videos/..%2f..%2fetc%2fpasswd/moment.mp4',
                        '/page.js/../../service.py',
                    ]
                )
            ),
            (404,),
        ),
        Kind(
            'foreign host', 2, get(lambda _: '/', Host='evil.example'), (400,)
        ),
        Kind('no HTTP', 2, _send_garbage, (400, 404, CLOSED)),
    ]


def ask(
    address: str,
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
) -> int:
    """Send a request on a connection of its own.

    Args:
        address (str): Host and port.
        method (str): Method of HTTP.
        path (str): What is asked for.
        body (str | None): Body.
        headers (dict[str, str]): Headers.

    Returns:
        int: Status of the answer, whose body was read to its end.

    Raises:
        OSError: If there is no answer.
        http.client.HTTPException: If the answer is cut.
    """
    connection = http.client.HTTPConnection(address, timeout=_PATIENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _send_garbage(rng: random.Random, address: str) -> int:
    """Send what is not HTTP, and return the status of the answer."""
    host, _, port = address.partition(':')
    with socket.create_connection((host, int(port)), _PATIENCE) as connection:
        try:
            connection.sendall(rng.choice(_GARBAGE))
            connection.shutdown(socket.SHUT_WR)
            found = connection.recv(100)
        except ConnectionError:  # closed before everything was sent
            return CLOSED
    match = re.match(rb'HTTP/1\.1 (\d+)', found)
    return int(match[1]) if match else CLOSED


def run_client(
    address: str, kinds: Sequence[Kind], seed: int, end: float
) -> list[Answer]:
    """Send requests until a time.

    Args:
        address (str): Host and port of the service.
        kinds (Sequence[Kind]): Kinds to choose from.
        seed (int): Seed of the choices.
        end (float): Value of ``time.perf_counter`` at which to end.

    Returns:
        list[Answer]: The answers.
    """
    rng = random.Random(seed)
    weights = [kind.weight for kind in kinds]
    answers = []
    while time.perf_counter() < end:
        (kind,) = rng.choices(kinds, weights)
        start = time.perf_counter()
        try:
            status = kind.send(rng, address)
        except (OSError, http.client.HTTPException):
            status = LOST
        seconds = time.perf_counter() - start
        answers.append(Answer(kind.name, status, seconds))
    return answers


def summarise(
    answers: Sequence[Answer], kinds: Sequence[Kind]
) -> tuple[list[list[Any]], list[str]]:
    """Return the rows of the table, and what is wrong.

    Args:
        answers (Sequence[Answer]): All answers.
        kinds (Sequence[Kind]): All kinds.

    Returns:
        tuple[list[list[Any]], list[str]]: Name, number, median and p99 in
        ms, and statuses of each kind; and a line for each wrong status.

    Example:
        >>> kind = Kind('a', 1, lambda *_: 200, (200,))
        >>> found = [Answer('a', 200, 0.5), Answer('a', 0, 0.5)]
        >>> summarise(found, [kind])
        ([['a', 2, 500, 500, '1 x lost, 1 x 200']], ['a: 1 x lost'])
    """
    rows: list[list[Any]] = []
    wrong = []
    names = {LOST: 'lost', CLOSED: 'closed'}
    for kind in kinds:
        own = [answer for answer in answers if answer.kind == kind.name]
        if not own:
            continue
        times = 1000 * np.array([answer.seconds for answer in own])
        statuses = sorted(Counter(answer.status for answer in own).items())
        shown = {
            status: f'{number} x {names.get(status, status)}'
            for status, number in statuses
        }
        rows.append(
            [
                kind.name,
                len(own),
                round(float(np.median(times))),
                round(float(np.percentile(times, 99))),
                ', '.join(shown.values()),
            ]
        )
        wrong += [
            f'{kind.name}: {text}'
            for status, text in shown.items()
            if status not in kind.right
        ]
    return rows, wrong


class State(NamedTuple):
    """Memory and handles of a process.

    Args:
        mib (float): Resident memory, MiB.
        handles (int): Open files and sockets.
        threads (int): Threads.
    """

    mib: float
    handles: int
    threads: int


def state_of(process: int) -> State:
    """Return memory and handles of a process.

    Args:
        process (int): Its number.

    Returns:
        State: Of now.
    """
    folder = Path('/proc', str(process))
    return State(
        resident_bytes('VmRSS', process) / 2**20,
        len(list((folder / 'fd').iterdir())),
        len(list((folder / 'task').iterdir())),
    )


def state_at_rest(process: int, most_handles: int) -> State:
    """Return memory and handles of a process that clients have left.

    Args:
        process (int): Its number.
        most_handles (int): Handles for which to wait, a few seconds.

    Returns:
        State: Of now.
    """
    for _ in range(100):
        if state_of(process).handles <= most_handles:
            break
        time.sleep(0.1)
    return state_of(process)


@contextmanager
def serve(index: Path, errors: Path) -> Iterator[tuple[int, str]]:
    """Run a service, and end it as Ctrl-C does.

    Args:
        index (Path): Folder of the index.
        errors (Path): File for what it prints to standard error.

    Yields:
        tuple[int, str]: Number of the process, and its host and port.

    Raises:
        RuntimeError: If it does not start, or does not end by itself.
    """
    command = [sys.executable, '-W', 'ignore', '-m', 'clipbert_mm.cli.main']
    options = ['serve', str(index), '--port', '0', '--device', 'cpu']
    with errors.open('w') as file:
        process = subprocess.Popen([*command, *options], stderr=file)
        try:
            while process.poll() is None:
                found = re.search(r' on (http://\S+);', errors.read_text())
                if found:
                    yield process.pid, urlsplit(found[1]).netloc
                    break
                time.sleep(0.1)
            else:
                raise RuntimeError(errors.read_text())
            process.send_signal(signal.SIGINT)
            if process.wait(60) not in (0, 130):
                raise RuntimeError(errors.read_text())
        finally:
            process.kill()


def load(
    process: int, address: str, kinds: Sequence[Kind], args: argparse.Namespace
) -> tuple[list[Answer], State, State]:
    """Load a service, and return the answers and its state around.

    Args:
        process (int): Number of its process.
        address (str): Its host and port.
        kinds (Sequence[Kind]): Kinds of requests.
        args (argparse.Namespace): The options.

    Returns:
        tuple[list[Answer], State, State]: Answers, and states before and
        after.
    """
    with ThreadPoolExecutor(args.clients) as pool:
        # What a service loads at the first request of a kind is no growth.
        rng = random.Random(0)
        list(pool.map(lambda kind: kind.send(rng, address), 3 * list(kinds)))
        before = state_at_rest(process, 0)
        end = time.perf_counter() + args.seconds
        found = pool.map(
            lambda seed: run_client(address, kinds, seed, end),
            range(args.clients),
        )
        answers = [answer for own in found for answer in own]
    most = before.handles + _SPARE_HANDLES
    return answers, before, state_at_rest(process, most)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the tables.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        int: 1 if a request was lost or answered wrongly, or handles stay
        open.
    """
    args = parse_args(argv)
    print(machine_line(), end='\n\n', flush=True)
    with tempfile.TemporaryDirectory() as name:
        index, errors = Path(name, 'index'), Path(name, 'errors.txt')
        library = VideoLibrary.create(index, clips=args.clips)
        library.update(demo_videos()[: args.videos])
        kinds = make_kinds(library)
        with serve(index, errors) as (process, address):
            start = time.perf_counter()
            answers, before, after = load(process, address, kinds, args)
            seconds = time.perf_counter() - start
        printed = errors.read_text()
    rows, problems = summarise(answers, kinds)
    if after.handles > before.handles + _SPARE_HANDLES:
        problems.append(f'{after.handles - before.handles} handles stay open')
    if 'clipbert_mm/serving' in printed:  # a traceback through the service
        problems.append(printed)
    print_table(
        f'{args.clients} clients, {args.videos} videos of {args.clips} clips: '
        f'{len(answers) / seconds:.0f} requests/s',
        ['request', 'number', 'median, ms', 'p99, ms', 'answers'],
        rows,
    )
    print_table(
        'The process of the service',
        ['', 'MiB', 'handles', 'threads'],
        [['before', *before], ['after', *after]],
    )
    print(*(problems or ['Every request had a right answer.']), sep='\n')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
