"""Streaming replicas that may answer a read: asked in turn, put aside while they fail."""

from __future__ import annotations

import itertools
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

from workbench.errors import StoreError
from workbench.settings import mask
from workbench.store.connections import first_line, transaction_on

T = TypeVar("T")
ASIDE_S = 5.0
LOG = logging.getLogger("workbench.store")

# A replica is only a shortcut: one that hangs is given up soon, and the primary is asked.
IMPATIENT = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


def split_urls(text: str | None) -> list[str]:
    """The URLs of a comma-separated list; a URL may hold commas of its own.

    >>> split_urls("postgresql://a/x?host=b,c, postgresql://d/x")
    ['postgresql://a/x?host=b,c', 'postgresql://d/x']
    """
    return [url.strip() for url in re.split(r",(?=\s*postgres)", text or "") if url.strip()]


class Replica:
    """One replica's pool, and until when it is put aside."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.aside_until = 0.0

    def ask(self, answers: Callable[[Cursor], T | None]) -> T | None:
        """What `answers` makes of a transaction here; None also when this replica fails."""
        try:
            with transaction_on(self.engine.raw_connection()) as cursor:
                return answers(cursor)
        except (StoreError, psycopg2.Error, sa.exc.SQLAlchemyError) as error:
            self.aside_until = time.monotonic() + ASIDE_S
            reason = mask(first_line(error))
            LOG.warning("replica %s is put aside for %g s: %s", self, ASIDE_S, reason)
            return None

    def __str__(self) -> str:
        return mask(self.engine.url.render_as_string(hide_password=True))


class Replicas:
    """The replicas, asked in turn.

    >>> Replicas([]).ask(lambda cursor: 7) is None
    True
    """

    def __init__(self, engines: Sequence[sa.Engine]) -> None:
        self._all = [Replica(engine) for engine in engines]
        self._turns = itertools.count()

    def ask(self, answers: Callable[[Cursor], T | None]) -> T | None:
        """The first answer that is not None; None where no replica can give one."""
        return next((found for found in self._asked(answers) if found is not None), None)

    def _asked(self, answers: Callable[[Cursor], Any]) -> Iterator[Any]:
        if not self._all:
            return
        first = next(self._turns) % len(self._all)
        for replica in self._all[first:] + self._all[:first]:
            if replica.aside_until <= time.monotonic():
                yield replica.ask(answers)

    def dispose(self, *, close: bool = True) -> None:
        """Close the idle connections, or forget them in a fork, which must not share them."""
        for replica in self._all:
            replica.engine.dispose(close=close)
