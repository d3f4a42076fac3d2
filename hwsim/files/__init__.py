"""Turn text into checked values: schemas, loading, diagnostics with line and column.

Each name is fetched when it is first used: a list of what there is needs no schemas, whose library is slow to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwsim.files.diagnostic import Diagnostic as Diagnostic
    from hwsim.files.diagnostic import DiagnosticError as DiagnosticError
    from hwsim.files.diagnostic import Diagnostics as Diagnostics
    from hwsim.files.diagnostic import Refusal as Refusal
    from hwsim.files.document import Document as Document
    from hwsim.files.document import parse_document as parse_document
    from hwsim.files.document import read_document as read_document
    from hwsim.files.document import validate as validate
    from hwsim.files.emitting import emit as emit
    from hwsim.files.fields import reference as reference
    from hwsim.files.position import KeyPath as KeyPath
    from hwsim.files.position import scan as scan
    from hwsim.files.quantity import DIMENSIONS as DIMENSIONS
    from hwsim.files.quantity import AmpsPerRootHertz as AmpsPerRootHertz
    from hwsim.files.quantity import AmpsPerWatt as AmpsPerWatt
    from hwsim.files.quantity import Bits as Bits
    from hwsim.files.quantity import Decibels as Decibels
    from hwsim.files.quantity import DecibelsPerHertz as DecibelsPerHertz
    from hwsim.files.quantity import Dimension as Dimension
    from hwsim.files.quantity import Hertz as Hertz
    from hwsim.files.quantity import Joules as Joules
    from hwsim.files.quantity import Kelvin as Kelvin
    from hwsim.files.quantity import Metres as Metres
    from hwsim.files.quantity import QuantityError as QuantityError
    from hwsim.files.quantity import Seconds as Seconds
    from hwsim.files.quantity import Watts as Watts
    from hwsim.files.quantity import format_quantity as format_quantity
    from hwsim.files.quantity import parse as parse
    from hwsim.files.quantity import readable as readable
    from hwsim.files.section import Section as Section
    from hwsim.files.section import describe as describe
    from hwsim.files.setting import Setting as Setting
    from hwsim.files.setting import lay_over as lay_over
    from hwsim.files.setting import override as override
    from hwsim.files.setting import parse_setting as parse_setting
    from hwsim.files.setting import substitute as substitute

_HOMES = {
    "AmpsPerRootHertz": "quantity",
    "AmpsPerWatt": "quantity",
    "Bits": "quantity",
    "DIMENSIONS": "quantity",
    "Decibels": "quantity",
    "DecibelsPerHertz": "quantity",
    "Diagnostic": "diagnostic",
    "DiagnosticError": "diagnostic",
    "Diagnostics": "diagnostic",
    "Dimension": "quantity",
    "Document": "document",
    "Hertz": "quantity",
    "Joules": "quantity",
    "Kelvin": "quantity",
    "KeyPath": "position",
    "Metres": "quantity",
    "QuantityError": "quantity",
    "Refusal": "diagnostic",
    "Seconds": "quantity",
    "Section": "section",
    "Setting": "setting",
    "Watts": "quantity",
    "describe": "section",
    "emit": "emitting",
    "format_quantity": "quantity",
    "lay_over": "setting",
    "override": "setting",
    "parse": "quantity",
    "parse_document": "document",
    "parse_setting": "setting",
    "read_document": "document",
    "readable": "quantity",
    "reference": "fields",
    "scan": "position",
    "substitute": "setting",
    "validate": "document",
}

__all__ = [
    "DIMENSIONS",
    "AmpsPerRootHertz",
    "AmpsPerWatt",
    "Bits",
    "Decibels",
    "DecibelsPerHertz",
    "Diagnostic",
    "DiagnosticError",
    "Diagnostics",
    "Dimension",
    "Document",
    "Hertz",
    "Joules",
    "Kelvin",
    "KeyPath",
    "Metres",
    "QuantityError",
    "Refusal",
    "Seconds",
    "Section",
    "Setting",
    "Watts",
    "describe",
    "emit",
    "format_quantity",
    "lay_over",
    "override",
    "parse",
    "parse_document",
    "parse_setting",
    "read_document",
    "readable",
    "reference",
    "scan",
    "substitute",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hwsim.files' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"hwsim.files.{_HOMES[name]}"), name)
    return value
