"""ADBC: PostgreSQL's binary COPY into Arrow, then into pandas."""

from __future__ import annotations

import adbc_driver_postgresql.dbapi
import pandas as pd

from benchmarks.peers.worker import Worker


class Adbc(Worker):
    def open(self, url: str) -> None:
        self.connection = adbc_driver_postgresql.dbapi.connect(url)

    def read(self, query: str) -> pd.DataFrame:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            found = cursor.fetch_arrow_table().to_pandas()
        self.connection.rollback()
        return found.set_index("timestamp")

    def read_panel(self, query: str, symbols: dict[str, str]) -> pd.DataFrame:
        """(field, symbol) columns; `symbols` by instrument_id."""
        wide = self.read(query).pivot(columns="instrument_id")
        return wide.rename(columns={int(key): name for key, name in symbols.items()}, level=1)


if __name__ == "__main__":
    Adbc().serve()
