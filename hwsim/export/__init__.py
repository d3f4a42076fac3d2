"""Out of the house: one format per file."""

from hwsim.export.snapshot import ExportPlugin, LayerSnapshot, Snapshot
from hwsim.files.registry import Registry

EXPORTS: Registry[ExportPlugin] = Registry("export")

__all__ = ["EXPORTS", "ExportPlugin", "LayerSnapshot", "Snapshot"]
