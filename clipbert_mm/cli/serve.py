# Copyright (c) clipbert_mm contributors.
"""Serve a page and a JSON API that search an index of videos.

On this machine alone unless --host names another address. Needs the extras
`search` and `web`.

Example:
    clipbert-mm serve library
    clipbert-mm serve library --port 9000 --qa-model demo-qa
    clipbert-mm serve library --host 0.0.0.0 --allow-host search.example.org
"""

from typing import Annotated

import typer

from . import options
from .running import Outcome, run, say
from .search import Index, OwnModel


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
    model: OwnModel = None,
    weights: options.Weights = None,
    device: options.Device = None,
    debug: options.Debug = False,
) -> None:
    """Serve a page that searches an index of videos."""

    def work() -> Outcome:
        from clipbert_mm.apis import ClipBERTInferencer
        from clipbert_mm.library import VideoLibrary
        from clipbert_mm.serving.running import serve_forever
        from clipbert_mm.serving.service import LibraryService

        library = VideoLibrary(index, model, weights, device)
        answerer = ClipBERTInferencer(qa_model) if qa_model else None
        service = LibraryService(library, answerer=answerer)
        serve_forever(
            service,
            host,
            port,
            allow_host or (),
            lambda url: say(f'serving {index} on {url}; Ctrl-C stops'),
        )
        return Outcome({}, 'stopped')

    run(work, False, debug)
