"""What a weight physically is: one technology per file; a device is a model of it, a chip one fabricated instance."""

from hwsim.device.inference import infer
from hwsim.device.technology import (
    Bill,
    Chip,
    ClippingChip,
    CodingChip,
    Device,
    FoldableChip,
    MortalChip,
    NarrowChip,
    OpticalChip,
    Part,
    Resources,
    Technology,
    TiledChip,
)
from hwsim.files.datasheet import Datasheet, Datum, Source, datasheet_values, read_datasheet
from hwsim.files.registry import Registry

DEVICES: Registry[Technology] = Registry("device")

__all__ = [
    "DEVICES",
    "Bill",
    "Chip",
    "ClippingChip",
    "CodingChip",
    "Datasheet",
    "Datum",
    "Device",
    "FoldableChip",
    "MortalChip",
    "NarrowChip",
    "OpticalChip",
    "Part",
    "Resources",
    "Source",
    "Technology",
    "TiledChip",
    "datasheet_values",
    "infer",
    "read_datasheet",
]
