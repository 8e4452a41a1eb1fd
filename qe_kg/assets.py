"""Where the shipped files are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from qe_kg.errors import ReadError

_PACKAGE = Path(__file__).resolve().parent


@cache
def asset_root() -> Path:
    """Return the folder that holds ``ontology``, ``shapes``, ``queries`` and ``data``.

    Raises:
        ReadError: the installation is incomplete.

    """
    for root in (_PACKAGE / "_assets", _PACKAGE.parent):
        if (root / "ontology" / "qe.ttl").is_file():
            return root
    raise ReadError(
        f"the ontology that belongs to qe_kg is neither in {_PACKAGE / '_assets'} nor in {_PACKAGE.parent}; "
        "install the package again"
    )


def packaged_model() -> Path:
    """Return the directory of the packaged Quantum Energy model."""
    return asset_root() / "data" / "quantum-energy"
