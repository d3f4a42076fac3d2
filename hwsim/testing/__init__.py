"""Check that a device, topology, controller, task or export of your own keeps the promises that hwsim builds on.

Each check raises :class:`ConformanceError` with the promise that was broken, or returns quietly. hwsim's own entries
pass the same checks. In a package of your own, with pytest::

    from hwsim.testing import check_device, check_topology

    def test_my_chip():
        check_device("my-chip-2026")     # a datasheet's name, or the path of its file

    def test_my_circuit():
        check_topology("my-circuit")     # a registered name, or the entry itself
"""

from hwsim.testing.controller import check_controller
from hwsim.testing.device import check_device
from hwsim.testing.export import check_export
from hwsim.testing.promise import ConformanceError
from hwsim.testing.task import check_task
from hwsim.testing.topology import check_topology

__all__ = [
    "ConformanceError",
    "check_controller",
    "check_device",
    "check_export",
    "check_task",
    "check_topology",
]
