"""`python -m benchmarks`: run cases, write one JSON file each, print the table."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import cases, machine, render
from benchmarks.harness import CASES, Scale, measure

FOLDER = Path(__file__).parent


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="only this one")
    parser.add_argument("--output", type=Path, help="folder for the JSON files")
    parser.add_argument("--baseline", action="store_true", help="write benchmarks/baselines/")
    chosen = parser.parse_args(arguments)
    if chosen.quick and chosen.baseline:
        parser.error("a quick run is no baseline")
    chosen.output = chosen.output or FOLDER / ("baselines" if chosen.baseline else "results")
    return chosen


def main(arguments: Sequence[str] | None = None) -> None:
    cases.load()
    chosen = options(arguments)
    chosen.output.mkdir(parents=True, exist_ok=True)
    where = machine.describe()
    records = []
    for name in chosen.case or CASES:
        print(f"{name} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            Path(folder).chmod(0o755)  # the server may run as another account
            result = measure(CASES[name], Scale(chosen.quick, Path(folder)))
        record = {"machine": where, "quick": chosen.quick, "result": result}
        records.append(record)
        path = chosen.output / f"{name}.json"
        path.write_text(json.dumps(record, indent=1) + "\n")
    print(render.table(records))


if __name__ == "__main__":
    main()
