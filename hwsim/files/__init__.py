"""Turn text into checked values: schemas, loading, diagnostics with line and column."""

from __future__ import annotations

from hwsim.files.diagnostic import Diagnostic, DiagnosticError, Diagnostics, Refusal
from hwsim.files.document import Document, parse_document, read_document, validate
from hwsim.files.emit import emit
from hwsim.files.position import KeyPath, scan
from hwsim.files.quantity import (
    DIMENSIONS,
    AmpsPerRootHertz,
    AmpsPerWatt,
    Bits,
    Decibels,
    DecibelsPerHertz,
    Dimension,
    Hertz,
    Joules,
    Kelvin,
    Metres,
    QuantityError,
    Seconds,
    Watts,
    format_quantity,
    parse,
    readable,
)
from hwsim.files.reference import reference
from hwsim.files.section import Section, describe
from hwsim.files.setting import Setting, lay_over, override, parse_setting, substitute

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
