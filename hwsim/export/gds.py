"""Layouts of small optical circuits in GDSII, made of gdsfactory's generic parts: one file for each circuit of a layer.

A switch is a balanced Mach-Zehnder of two 2 x 2 couplers with a heater above an arm, a waveguide a chain of S-bends.
All banks of a layer have the same circuit, and states are no geometry, so a layer gets one layout; what a bank is set
to stands in ``photonic-yaml``, under the same names of switches and wires. Switches, cells and positions are named by
texts.

It is no tape-out: waveguides cross on one layer without a crossing of their own, heaters are not wired to pads, and the
generic parts are no foundry's. It serves to look at a circuit, to measure lengths and crossings, and to begin from.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hwsim.export.netlist import NetlistError
from hwsim.export.optical import NO_TAPE_OUT, PORTS, check_optical, identify, network_of, remark, waveguides
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import checked
from hwsim.files.frame import extra

if TYPE_CHECKING:
    from hwsim.crossbar.stages import SwitchNetwork
    from hwsim.export.optical import Waveguide
    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.files.whole import Content

    Point = tuple[float, float]

MOST_PORTS = 16
"""Ports of the largest circuit that is laid out."""
ROW = 40.0
"""µm from wire to wire; a switch lies between two and is 56 µm high."""
BESIDE = 20.0
"""µm that a gap between two columns is longer than the longest way up or down in it, so that S-bends are not steep."""


@cache
def _generic() -> tuple[Any, Any, Any]:
    """Return gdsfactory, its generic switch, and a part for waveguides.

    Raises:
        MissingExtraError: gdsfactory is not installed.
    """
    gf = extra("gdsfactory", "photonic")
    gf.gpdk.PDK.activate()

    def waveguide(steps: tuple[Point, ...] = ((10.0, 0.0),)) -> Any:
        """Chain S-bends and straights, of so many µm to the right and up each, from o1 to o2."""
        whole, end = gf.Component(), None
        for right, up in steps:
            here = whole << (gf.components.bend_s(size=(right, up)) if up else gf.components.straight(length=right))
            if end is None:
                whole.add_port("o1", port=here.ports["o1"])
            else:
                here.connect("o1", end)
            end = here.ports["o2"]
        whole.add_port("o2", port=end)
        return whole

    return gf, gf.components.mzi2x2_2x2_phase_shifter(delta_length=0), gf.cell(waveguide)


class _Plan:
    """Where everything lies: columns of switches between the cells on the left and the positions on the right, µm."""

    def __init__(self, network: SwitchNetwork, switch: Any) -> None:
        self.network, self.guides = network, list(waveguides(network))
        self.ports: dict[str, Point] = {port.name: port.center for port in switch.ports if port.port_type == "optical"}
        self.length: float = self.ports["o3"][0] - self.ports["o2"][0]
        self._rows: list[dict[int, float]] = [
            {wire: -ROW * row for row, wire in enumerate(order.tolist())} for order in network.draw()
        ]
        self.origins = [self._middle(number) for number in range(network.switches)]
        ways = [[0.0] for _ in range(network.depth + 1)]
        for guide in self.guides:
            for gap, (begin, end) in enumerate(self._gaps(guide), guide.begin):
                ways[gap].append(abs(end - begin))
        self.gaps: list[float] = [max(way) + BESIDE for way in ways]

    def _middle(self, number: int) -> float:
        """Return the height of a switch: halfway between its two wires."""
        stage, wiring = int(self.network.stage[number]), self.network.wiring
        rows = self._rows[stage + 1]
        return (rows[int(wiring.wire_a[number])] + rows[int(wiring.wire_b[number])]) / 2

    def _height(self, guide: Waveguide, column: int, end: str) -> float:
        """Return where a waveguide is in a column: at a port of a switch, or in the row of its wire."""
        name, _, port = end.partition(",")
        if port and column in {guide.begin, guide.end}:
            return self.origins[int(name.removeprefix("switch"))] + self.ports[port][1]
        return self._rows[column][guide.wire]

    def _gaps(self, guide: Waveguide) -> list[Point]:
        """Return the heights of a waveguide left and right of every gap that it passes."""
        columns = range(guide.begin, guide.end + 1)
        heights = [self._height(guide, at, guide.left if at == guide.begin else guide.right) for at in columns]
        return list(pairwise(heights))

    def left(self, column: int) -> float:
        """Return where a column of switches begins."""
        return sum(self.gaps[:column]) + self.length * (column - 1)

    def course(self, guide: Waveguide) -> tuple[Point, tuple[Point, ...]]:
        """Return where a waveguide begins, and its steps; through the stages that it passes it goes straight."""
        steps: list[Point] = []
        gaps = self._gaps(guide)
        for gap, (begin, end) in enumerate(gaps, guide.begin):
            steps += [(self.length, 0.0)] * bool(steps) + [(self.gaps[gap], end - begin)]
        x = self.left(guide.begin) + self.length if guide.begin else 0.0
        return (x, gaps[0][0]), tuple(steps)


def lay_out(network: SwitchNetwork, name: str) -> Any:
    """Return a circuit as a component of gdsfactory, with instances and ports named as in the netlists.

    Raises:
        MissingExtraError: gdsfactory is not installed.
    """
    gf, switch, waveguide = _generic()
    plan, top = _Plan(network, switch), gf.Component(name)
    for number, middle in enumerate(plan.origins):
        here = top.add_ref(switch, name=f"switch{number}")
        here.move((plan.left(int(network.stage[number]) + 1) - plan.ports["o2"][0], middle))
        top.add_label(f"switch{number}", position=(here.x, middle), layer="TEXT")
    for number, guide in enumerate(plan.guides):
        start, steps = plan.course(guide)
        here = top.add_ref(waveguide(steps=steps), name=f"wire{number}")
        here.move(start)
        for end, port in ((guide.left, "o1"), (guide.right, "o2")):
            if "," not in end:
                top.add_port(end, port=here.ports[port])
                top.add_label(end, position=here.ports[port].center, layer="TEXT")
    return top


def _written(network: SwitchNetwork, name: str) -> bytes:
    top = lay_out(network, name)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.gds"
        top.write_gds(path)
        content = path.read_bytes()
    top.delete()
    return content


def _check_small(layer: LayerSnapshot) -> SwitchNetwork:
    network = network_of(layer)
    if network.ports > MOST_PORTS:
        raise NetlistError(
            f"layer {layer.layer}: a {network.topology} of {network.ports} ports; layouts are made of circuits of at "
            f"most {MOST_PORTS} ports, use --format photonic-yaml"
        )
    return network


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write ``layer<k>.gds`` for every layer with circuits, and ``layer<k>.txt``, which ``sha256sum -c`` takes.

    Raises:
        NetlistError: switches are electronic, or a circuit is not made of 2 x 2 switches or has too many ports.
        MissingExtraError: gdsfactory is not installed.
    """
    check_optical(snapshot)
    networks = {layer.layer: _check_small(layer) for layer in snapshot.layers}
    files: dict[str, Content] = {}
    for number, network in networks.items():
        content = _written(network, f"layer{number}")
        what = f"layout of an optical circuit, a {network.topology} of {network.ports} ports"
        lines = [
            *identify(snapshot, "photonic-gds", what),
            PORTS,
            f"generic parts of gdsfactory; {NO_TAPE_OUT}",
        ]
        text = f"{remark(lines, '#')}{sha256(content).hexdigest()}  layer{number}.gds\n"
        files |= {f"layer{number}.gds": content, f"layer{number}.txt": checked(text, "script")}
    return files


PLUGIN = ExportPlugin(
    name="photonic-gds",
    summary="layouts of optical circuits of up to 16 ports in GDSII, of generic parts (needs hwsim[photonic])",
    export=export,
    named="layer<k>.gds, layer<k>.txt",
    checksum="SHA-256 of the layout in layer<k>.txt: sha256sum -c layer<k>.txt",
)
