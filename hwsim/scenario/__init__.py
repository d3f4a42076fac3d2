"""Text into values: schema, loading, diagnostics with line and column."""

from __future__ import annotations

from hwsim.scenario.document import Document, parse_document, read_document, validate
from hwsim.scenario.emit import emit
from hwsim.scenario.fault import Fault, FaultError, Faults, Refusal
from hwsim.scenario.position import KeyPath, scan
from hwsim.scenario.quantity import (
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
from hwsim.scenario.reference import reference
from hwsim.scenario.section import Section, describe
from hwsim.scenario.setting import Setting, lay_over, override, parse_setting

__all__ = [
    "DIMENSIONS",
    "AmpsPerRootHertz",
    "AmpsPerWatt",
    "Bits",
    "Decibels",
    "DecibelsPerHertz",
    "Dimension",
    "Document",
    "Fault",
    "FaultError",
    "Faults",
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
    "validate",
]
