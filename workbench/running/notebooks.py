"""Notebooks of a project: which there are, and the parameters that each declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.errors import InputError, RunError, UnknownNameError
from workbench.running.parameters import Parameter, declared

NOTEBOOKS, DASHBOARDS = "notebooks", "notebooks/dashboards"
"""Where in a project the notebooks to run are, and those to look at."""


def notebooks(project: Path, within: str = NOTEBOOKS) -> dict[str, Path]:
    """The notebooks in the folder `within` of a project by name, sorted.

    >>> notebooks(Path("/nonexistent"))
    {}
    """
    return {path.stem: path for path in sorted((project / within).glob("*.ipynb"))}


def find(notebook: str | Path, project: Path, within: str = NOTEBOOKS) -> Path:
    """The file of a notebook, given as a name in the folder `within` of a project or as a path.

    Raises UnknownNameError, which lists the names, when there is none.
    """
    known = notebooks(project, within)
    if str(notebook) in known:
        return known[str(notebook)].resolve()
    path = Path(notebook)
    if path.suffix == ".ipynb":
        for candidate in (path, project / path, project / within / path):
            if candidate.is_file():
                return candidate.resolve()
    kind = "dashboard" if within == DASHBOARDS else "notebook"
    advice = f"Or give the path of an .ipynb; {project / within} is searched"
    raise UnknownNameError(kind, str(notebook), known, advice)


def parameters(notebook: Path) -> dict[str, Parameter]:
    """What the cell tagged `parameters` declares, by name; empty when there is no such cell.

    Raises RunError when the file is no notebook or the cell cannot be understood.
    """
    for cell in _cells(notebook):
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            try:
                return declared("".join(cell["source"]))
            except RunError as error:
                raise RunError(f"{notebook.name}: {error}") from None
    return {}


def summary(notebook: Path) -> str:
    """The first line of prose in a notebook that is not a heading; empty when there is none."""
    for cell in _cells(notebook):
        if cell["cell_type"] == "markdown":
            lines = "".join(cell["source"]).splitlines()
            prose = [line for line in lines if line.strip() and not line.startswith("#")]
            if prose:
                return prose[0]
    return ""


def _cells(notebook: Path) -> list[dict[str, Any]]:
    """The cells, read as JSON: nbformat's import alone takes longer than listing all notebooks."""
    try:
        cells = list(json.loads(notebook.read_text(encoding="utf-8"))["cells"])
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{notebook} is not a notebook (nbformat 4)") from None
    except OSError as error:
        raise InputError(f"cannot read {notebook}: {error.strerror}") from None
    return cells
