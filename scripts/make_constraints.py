"""Resolve the complete dependency tree afresh and write `constraints.txt`.

    python scripts/make_constraints.py python3.11 python3.12 python3.13

The oldest Python 3.11 at hand is the right one to name: some packages refuse early ones. Each
interpreter named (default: this one) resolves `.[test]` in a throw-away environment; where two of
them need different versions of a package, the pin carries an environment marker.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HELD_BACK = {
    "jsonschema<4.25": "later ones pull in rfc3987-syntax, 1.6 s of import in every kernel",
    "numpy<2.5": "the last for Python 3.11, so that every Python has the same",
    "soupsieve<3": "the last for the Python 3.11.2 of Debian 12",
}
HEADER = """\
# The complete tree of runtime and test packages, each at one version.
# Written by scripts/make_constraints.py; pyproject.toml says which ranges are allowed.
"""


def canonical(name: str) -> str:
    """The registry's spelling of a package name.

    >>> canonical("Jupyter_Core")
    'jupyter-core'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def resolve(python: str) -> tuple[str, dict[str, str]]:
    """The Python version ("3.11") of interpreter `python` and the version of each package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", f"{folder}/venv"], check=True)
        held, report = Path(folder, "held.txt"), Path(folder, "report.json")
        held.write_text("\n".join(HELD_BACK) + "\n")
        pip = [f"{folder}/venv/bin/python", "-m", "pip", "install", "--quiet", "--dry-run"]
        options = ["--ignore-installed", "--report", str(report), "-c", str(held)]
        subprocess.run([*pip, *options, "pip", "-e", f"{ROOT}[test]"], check=True)
        answer = json.loads(report.read_text())
    packages = (item["metadata"] for item in answer["install"])
    pins = {canonical(item["name"]): item["version"] for item in packages}
    del pins["workbench"]
    return answer["environment"]["python_version"], pins


def pin_lines(resolved: dict[str, dict[str, str]]) -> list[str]:
    """One line per package, or one per Python version where the versions differ.

    >>> pin_lines({"3.11": {"a": "1", "b": "2"}, "3.12": {"a": "1", "b": "3"}})
    ['a==1', "b==2; python_version == '3.11'", "b==3; python_version == '3.12'"]
    """
    versions: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for python, pins in resolved.items():
        for name, version in pins.items():
            versions[name][python] = version
    lines = []
    for name, by_python in sorted(versions.items()):
        if len(set(by_python.values())) == 1:
            lines.append(f"{name}=={next(iter(by_python.values()))}")
        else:
            lines += [f"{name}=={v}; python_version == '{p}'" for p, v in by_python.items()]
    return lines


def main(pythons: list[str]) -> None:
    resolved = dict(resolve(python) for python in pythons)
    notes = "".join(f"# {held}: {why}\n" for held, why in HELD_BACK.items())
    text = HEADER + notes + "\n".join(pin_lines(resolved)) + "\n"
    (ROOT / "constraints.txt").write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])
