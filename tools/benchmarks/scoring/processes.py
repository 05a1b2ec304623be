# Copyright (c) clipbert_mm contributors.
"""Processes with one thread each that score at the same time."""

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType

import torch

from .case import CAPTIONS, Case, Sizes


def _serve(connection: Connection, sizes: Sizes) -> None:
    """Score whenever the parent asks, until it closes the connection."""
    torch.set_num_threads(1)
    case = Case(sizes)
    score = case.scoring(case.bank(CAPTIONS, case.sizes.texts))
    score()
    while True:
        connection.send('done')
        try:
            connection.recv()
        except EOFError:
            return
        score()


class ScoringProcesses:
    """Processes that score the same sizes, alone or together.

    Args:
        number (int): Number of processes.
        sizes (Sizes): Sizes that each of them scores.
    """

    def __init__(self, number: int, sizes: Sizes) -> None:
        context = multiprocessing.get_context('spawn')
        self.connections: list[Connection] = []
        self.processes = []
        for _ in range(number):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there, sizes))
            process.start()
            there.close()
            self.connections.append(here)
            self.processes.append(process)

    def __enter__(self) -> 'ScoringProcesses':
        """Wait until all are ready."""
        self._wait(self.connections)
        return self

    def __exit__(
        self,
        kind: type | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all of them."""
        for connection in self.connections:
            connection.close()
        for process in self.processes:
            process.join()

    def score(self, number: int) -> None:
        """Let some of them score, and wait for the last.

        Args:
            number (int): Number of processes that score at the same time.
        """
        connections = self.connections[:number]
        for connection in connections:
            connection.send('score')
        self._wait(connections)

    @staticmethod
    def _wait(connections: Sequence[Connection]) -> None:
        for connection in connections:
            connection.recv()
