"""A store with as many symbols as a test wants: random walks, some with gaps and late starts."""

from __future__ import annotations

import psycopg2

FILL = """
INSERT INTO data_ingestion.instrument (symbol)
  SELECT 'S' || to_char(n, 'FM0000') FROM generate_series(0, %(symbols)s - 1) AS n;
INSERT INTO data_ingestion.market_data
  (timestamp, open, high, low, close, volume, instrument_id, timeframe)
SELECT '2000-01-03'::timestamptz + day * interval '1 day', price, price + 2, price - 1.5,
  price + sin(day * 1.7 + instrument_id), 1000 + (day * instrument_id) %% 977, instrument_id, '1d'
FROM data_ingestion.instrument, generate_series(0, %(bars)s - 1) AS day,
  LATERAL (SELECT 50 + 20 * sin(day * 0.013 * (1 + instrument_id %% 7)) + cos(day * 1.1)
    + instrument_id %% 13) AS walk(price)
WHERE NOT (instrument_id %% 5 = 3 AND day %% 11 = instrument_id %% 11)
  AND NOT (instrument_id %% 6 = 1 AND day < %(bars)s / 3)
ORDER BY instrument_id, day;
"""


def fill(url: str, symbols: int, bars: int) -> list[str]:
    """Put bars of many symbols into a store; their names."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(FILL, {"symbols": symbols, "bars": bars})
    connection.close()
    return [f"S{number:04}" for number in range(symbols)]


def change(url: str, *symbols: str) -> None:
    """Another close of the last bar of each symbol."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE data_ingestion.market_data SET close = close + 0.125 WHERE (instrument_id,"
            " timestamp) IN (SELECT instrument_id, max(timestamp) FROM data_ingestion.market_data"
            " JOIN data_ingestion.instrument USING (instrument_id) WHERE symbol = ANY(%s)"
            " GROUP BY instrument_id)",
            (list(symbols),),
        )
    connection.close()
