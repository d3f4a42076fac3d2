"""Networks of torch's whose layers compute on emulated chips: convert them, train them, reconnect them."""

from hwsim.nn.board import Board
from hwsim.nn.calibration import SAMPLES
from hwsim.nn.chip import StateError
from hwsim.nn.choice import ConversionError
from hwsim.nn.convert import StaysInTorchWarning, convert
from hwsim.nn.converted import Converted, quiet
from hwsim.nn.laperm import LaPerm
from hwsim.nn.layer import BypassError, ChipLayer, ChipSequential, DropoutWarning
from hwsim.nn.schedule import Schedule
from hwsim.nn.summary import Summary, summary

__all__ = [
    "SAMPLES",
    "Board",
    "BypassError",
    "ChipLayer",
    "ChipSequential",
    "ConversionError",
    "Converted",
    "DropoutWarning",
    "LaPerm",
    "Schedule",
    "StateError",
    "StaysInTorchWarning",
    "Summary",
    "convert",
    "quiet",
    "summary",
]
