"""An oracle that shares nothing with the package: any netlist of S-matrices, solved as one linear system.

Waves b leave the ports, waves a enter them: ``b = S a`` and ``a = C b + e`` give ``b = (I - S C)^-1 S e``. Reflections
and loops would be found; that there are none in a crossbar is part of what the tests show.
"""

from __future__ import annotations

import numpy as np


class Netlist:
    """Components by their S-matrices, joined port to port."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._wires: list[tuple[int, int]] = []
        self._ports = 0

    def add(self, matrix: np.ndarray) -> int:
        """Place a component; the number of its first port."""
        self._parts.append(matrix)
        self._ports += len(matrix)
        return self._ports - len(matrix)

    def join(self, one: int, other: int) -> None:
        """Connect two ports."""
        self._wires.append((one, other))

    def solve(self, inputs: list[int], outputs: list[int]) -> np.ndarray:
        """Amplitudes at the outputs (outputs, inputs) for unit waves into the inputs."""
        scatter = np.zeros((self._ports, self._ports), complex)
        first = 0
        for part in self._parts:
            scatter[first : first + len(part), first : first + len(part)] = part
            first += len(part)
        link = np.zeros((self._ports, self._ports))
        for one, other in self._wires:
            link[one, other] = link[other, one] = 1
        waves = np.linalg.solve(np.eye(self._ports) - scatter @ link, scatter[:, inputs])
        return np.array(waves[outputs])


def four_port(straight: complex, across: complex) -> np.ndarray:
    """Ports 0, 1 on one side, 2, 3 on the other; 0-2 and 1-3 straight, 0-3 and 1-2 across; reciprocal."""
    matrix = np.zeros((4, 4), complex)
    for one, other, value in ((0, 2, straight), (1, 3, straight), (0, 3, across), (1, 2, across)):
        matrix[one, other] = matrix[other, one] = value
    return matrix


def coupler(ratio: float, loss_db: float) -> np.ndarray:
    left = 10 ** (-loss_db / 20)
    return four_port(left * np.sqrt(1 - ratio), 1j * left * np.sqrt(ratio))


def crossing(loss_db: float, leak: float) -> np.ndarray:
    return four_port(10 ** (-loss_db / 20), 1j * np.sqrt(leak))


def attenuator(transmission: float, phase: float) -> np.ndarray:
    value = np.sqrt(transmission) * np.exp(1j * phase)
    return np.array([[0, value], [value, 0]])


def crossbar(
    cells: np.ndarray,
    phases: np.ndarray,
    row_taps: np.ndarray,
    column_taps: np.ndarray,
    losses: tuple[float, float, float],
) -> np.ndarray:
    """Power transmissions (m, n) of a crossbar; losses: coupler dB, crossing dB, crossing leak (share of power)."""
    rows, columns = cells.shape
    net = Netlist()
    tap, arm, cross, add = (np.zeros((rows, columns), int) for _ in range(4))
    for i in range(rows):
        for j in range(columns):
            tap[i, j] = net.add(coupler(row_taps[i, j], losses[0]))
            arm[i, j] = net.add(attenuator(cells[i, j], phases[i, j]))
            cross[i, j] = net.add(crossing(losses[1], losses[2]))
            add[i, j] = net.add(coupler(column_taps[i, j], losses[0]))
            net.join(tap[i, j] + 3, arm[i, j])
            net.join(tap[i, j] + 2, cross[i, j])
            net.join(arm[i, j] + 1, add[i, j] + 1)
            net.join(cross[i, j] + 3, add[i, j])
            if j:
                net.join(cross[i, j - 1] + 2, tap[i, j])
            if i:
                net.join(add[i - 1, j] + 2, cross[i, j] + 1)
    found: np.ndarray = net.solve([int(p) for p in tap[:, 0]], [int(p) + 2 for p in add[-1]])
    return np.asarray(np.abs(found.T) ** 2)


def interferometer(crossed: bool, error: float, loss_db: float) -> np.ndarray:
    """A 2x2 Mach-Zehnder switch of two couplers of 1/2 + error: no phase between them is cross, pi is bar."""
    net = Netlist()
    first, second = (net.add(coupler(0.5 + error, 0.0)) for _ in range(2))
    upper = net.add(attenuator(10 ** (-loss_db / 10), 0.0 if crossed else np.pi))
    lower = net.add(attenuator(10 ** (-loss_db / 10), 0.0))
    net.join(first + 2, upper)
    net.join(upper + 1, second)
    net.join(first + 3, lower)
    net.join(lower + 1, second + 1)
    ports = [first, first + 1, second + 2, second + 3]
    return net.solve(ports, ports)


def switch_network(
    wires: int, pairs: list[tuple[int, int]], states: np.ndarray, error: float, loss_db: float
) -> np.ndarray:
    """Power from each input wire to each output wire (outputs, inputs) of switches in order."""
    net = Netlist()
    ends: list[int | None] = [None] * wires
    starts: list[int] = [0] * wires
    for (one, other), state in zip(pairs, states, strict=True):
        switch = net.add(interferometer(bool(state), error, loss_db))
        for side, wire in enumerate((one, other)):
            before = ends[wire]
            if before is None:
                starts[wire] = switch + side
            else:
                net.join(before, switch + side)
            ends[wire] = switch + 2 + side
    return np.asarray(np.abs(net.solve(starts, [e for e in ends if e is not None])) ** 2)
