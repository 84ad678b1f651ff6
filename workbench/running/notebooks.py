"""Notebooks of a project: which there are, and the parameters that each declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.errors import InputError, RunError, UnknownNameError
from workbench.running.parameters import Parameter, declared


def folder(project: Path) -> Path:
    """Where a project keeps its notebooks.

    >>> folder(Path("/project")).as_posix()
    '/project/notebooks'
    """
    return project / "notebooks"


def notebooks(project: Path) -> dict[str, Path]:
    """The notebooks in a project's `notebooks/` by name, sorted; dashboards are none of them.

    >>> notebooks(Path("/nonexistent"))
    {}
    """
    return {path.stem: path for path in sorted(folder(project).glob("*.ipynb"))}


def find(notebook: str | Path, project: Path) -> Path:
    """The file of a notebook, given as a name in the project's `notebooks/` or as a path.

    Raises UnknownNameError, which lists the names, when there is none.
    """
    known = notebooks(project)
    if str(notebook) in known:
        return known[str(notebook)]
    path = Path(notebook)
    if path.suffix != ".ipynb":
        raise UnknownNameError(
            "notebook",
            str(notebook),
            known,
            f"Or give the path of an .ipynb; {folder(project)} is searched",
        )
    for candidate in (path, project / path, folder(project) / path):
        if candidate.is_file():
            return candidate.resolve()
    raise UnknownNameError("notebook", str(notebook), known)


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
