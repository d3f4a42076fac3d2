"""Write a run's configuration in formats that other tools read: one format per file."""

from hwsim.export.snapshot import ExportPlugin, LayerSnapshot, Snapshot
from hwsim.files.registry import Registry

EXPORTS: Registry[ExportPlugin] = Registry("export")

__all__ = ["EXPORTS", "ExportPlugin", "LayerSnapshot", "Snapshot"]
