"""Out of the house: one format a file."""

from hwsim.export.configured import Configured, ConfiguredLayer, ExportPlugin
from hwsim.registry import Registry

EXPORTS: Registry[ExportPlugin] = Registry("export")

__all__ = ["EXPORTS", "Configured", "ConfiguredLayer", "ExportPlugin"]
