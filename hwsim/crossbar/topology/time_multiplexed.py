"""Time-multiplexed permutation: w lanes for T cycles through one small Beneš network with a setting for each cycle.

Item i arrives on lane i mod w at cycle i div w. Every lane keeps its items in a memory and sends them in its read
order; a w x w Beneš network exchanges lanes, with another setting in each cycle; every lane stores what comes in its
write order. The settings are a Clos network in time: the cycles are colours of the edges from lanes to lanes.

Switches: those of a Beneš of w ports. Configuration: T settings, and 2 w T addresses of ceil(log2 T) bits.

Source: P. Milder, J. Hoe, M. Püschel, Automatic generation of streaming datapaths for arbitrary fixed permutations,
DATE (2009).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import BlockedError, Fabric
from hwsim.crossbar.path import Paths
from hwsim.crossbar.shapes import check_ports, check_rows, extend
from hwsim.crossbar.topology import Topology, check_room
from hwsim.crossbar.topology.benes import Benes
from hwsim.crossbar.words import spread

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Blocking
    from hwsim.crossbar.path import Losses

PORTS_LIMIT = 2**22
BYTES_A_NUMBER = 8
"""Of a state: int32, once before a reconnection and once after."""


class TimeMultiplexed(Fabric):
    """A time-multiplexed permutation circuit.

    A state is int32 (banks, T S + 2 w T): the settings of the S switches in each cycle, the read order of each lane
    (which of its items it sends at each cycle) and the write order (where it stores what comes). Toggles of a
    reconnection are bits of settings that change, cycle by cycle; how many switches toggle while one pass goes through
    its cycles is :meth:`pass_toggles`. Held switches are counted cycle by cycle too. A cost is one of the S switches,
    paid in every cycle.

    Args:
        ports: items of one pass.
        lanes: w; a power of two near the square root of ports when None.

    Example:
        >>> fabric = TimeMultiplexed(64)
        >>> fabric.lanes, fabric.cycles, fabric.switches, fabric.depth, fabric.configuration_bits
        (8, 8, 20, 5, 544)
        >>> fabric.route(np.arange(64)[::-1]).apply(np.arange(64))[:3].tolist()
        [63, 62, 61]
    """

    blocking: Blocking = "rearrangeable"

    def __init__(self, ports: int, lanes: int | None = None) -> None:
        check_ports("time-multiplexed", ports, PORTS_LIMIT)
        self.topology, self.ports = "time-multiplexed", int(ports)
        lanes = 1 << ((self.ports - 1).bit_length() + 1) // 2 if lanes is None else lanes
        if not 1 <= lanes <= max(1 << (self.ports - 1).bit_length(), 1):
            raise ValueError(f"{lanes} lanes cannot share {ports} items; use 1 to {ports} lanes")
        self.lanes, self.cycles = int(lanes), -(-self.ports // int(lanes))
        self.benes = Benes(self.lanes)
        """The network that every cycle sets anew."""
        self.switches, self.depth, self.strides = self.benes.switches, self.benes.depth, self.benes.strides
        self._settings, self._items = self.cycles * self.switches, self.lanes * self.cycles
        self._address_bits = (self.cycles - 1).bit_length()
        check_room(self.topology, self.ports, self._settings + 2 * self._items, BYTES_A_NUMBER)
        self.configuration_bits = self._settings + 2 * self._items * self._address_bits

    @property
    def path_lengths(self) -> tuple[int, int]:
        """Return the numbers of the Beneš network."""
        return self.benes.path_lengths

    @property
    def crossings(self) -> tuple[int, int]:
        """Return the numbers of the Beneš network."""
        return self.benes.crossings

    @property
    def leaks(self) -> tuple[int, int]:
        """Return the numbers of the Beneš network: signals of one cycle."""
        return self.benes.leaks

    def power_up(self, banks: int) -> NDArray[np.int32]:
        """Return the states with all switches in bar in all cycles, and items in the order in which they come."""
        state = np.zeros((banks, self._settings + 2 * self._items), np.int32)
        state[:, self._settings :] = np.tile(np.arange(self.cycles), 2 * self.lanes)
        return state

    def _parts(self, states: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """Split states into settings (banks, cycles, switches), read and write orders (banks, lanes, cycles)."""
        rows = check_rows("states", states, (len(states), self._settings + 2 * self._items))
        banks = len(rows)
        settings = rows[:, : self._settings].astype(np.uint8).reshape(banks, self.cycles, self.switches)
        orders = rows[:, self._settings :].astype(np.int64).reshape(banks, 2, self.lanes, self.cycles)
        return settings, orders[:, 0], orders[:, 1]

    def _lanes_of(self, settings: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the lane that each lane takes from, (banks, cycles, lanes)."""
        banks = len(settings)
        each = settings.reshape(banks * self.cycles, self.switches)
        numbers = np.broadcast_to(np.arange(self.lanes), (len(each), self.lanes))
        return self.benes.apply_many(each, numbers).reshape(banks, self.cycles, self.lanes)

    def trace(self, states: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the item that each of the w T places gets, and at which cycle, int64 (banks, w T).

        Example:
            >>> fabric = TimeMultiplexed(3)
            >>> [found.tolist() for found in fabric.trace(fabric.power_up(1))]
            [[[0, 1, 2, 3]], [[0, 0, 1, 1]]]
        """
        settings, read, write = self._parts(states)
        source = self._lanes_of(settings).transpose(0, 2, 1)  # (banks, lanes, cycles)
        bank, lane, cycle = np.indices(source.shape)
        items = read[bank, source, cycle] * self.lanes + source
        places = (write * self.lanes + lane).reshape(len(items), self._items)
        found, when = np.empty((2, *places.shape), np.int64)
        np.put_along_axis(found, places, items.reshape(places.shape), axis=1)
        np.put_along_axis(when, places, cycle.reshape(places.shape), axis=1)
        return found, when

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.int32]:
        """Colour the edges between lanes with cycles, then route each cycle.

        With something before, efforts above ``any`` keep the cycles of connections that stay and route each cycle
        against its setting before. Otherwise cycles are put in an order in which neighbours differ little, and each is
        routed against the one before it.

        Raises:
            BlockedError: stuck switches that the Beneš network cannot be routed around in some cycle.
        """
        p = extend(p, self._items)
        states = self.power_up(len(p))
        keep = previous is not None and effort != "any" and cost is None
        old = states if previous is None else previous
        had, when = self.trace(old)
        kept = np.where(had == p, when, -1) if keep else np.full_like(when, -1)
        wanted = np.empty((len(p), self.cycles, self.lanes), np.int64)
        for bank in range(len(p)):
            cycle = self._colour(p[bank], kept[bank])
            wanted[bank] = self._arrange(p[bank], cycle, states[bank], ordered=not keep)
        settings = self._set(wanted, self._parts(old)[0] if keep else None, effort, cost)
        states[:, : self._settings] = settings.reshape(len(p), self._settings)
        return states

    def _colour(self, p: NDArray[np.int64], kept: NDArray[np.int64]) -> NDArray[np.int64]:
        """Choose a cycle for every place, so that no lane sends or gets two items in one cycle."""
        from hwsim.kernels.routing.clos import Prices, Sizes, colour

        by_lane = np.arange(self._items).reshape(self.cycles, self.lanes).T.reshape(-1)  # places, lane after lane
        number = np.empty_like(by_lane)
        number[by_lane] = np.arange(self._items)
        cycle = kept[by_lane].astype(np.int32)
        sizes = Sizes(self.cycles, self.lanes, self._items, self.cycles)
        at_u, at_v = np.empty((2, self._items), np.int32)
        none, order = np.zeros(0, np.int32), np.arange(self._items)
        colour(number[p[by_lane]], sizes, order, Prices(none, none, np.zeros(0)), at_u, at_v, cycle)
        found = np.empty_like(by_lane)
        found[by_lane] = cycle
        return found

    def _arrange(
        self, p: NDArray[np.int64], cycle: NDArray[np.int64], state: NDArray[np.int32], *, ordered: bool
    ) -> NDArray[np.int64]:
        """Write the read and write orders into a state; return which lane each lane takes from, (cycles, lanes)."""
        places = np.arange(self._items)
        lane, source = places % self.lanes, p % self.lanes
        wanted = np.empty((self.cycles, self.lanes), np.int64)
        wanted[cycle, lane] = source
        if ordered:
            order = short_path(wanted)
            rank = np.empty_like(order)
            rank[order] = np.arange(self.cycles)
            wanted, cycle = wanted[order], rank[cycle]
        orders = state[self._settings :].reshape(2, self.lanes, self.cycles)
        orders[0, source, cycle] = p // self.lanes
        orders[1, lane, cycle] = places // self.lanes
        return wanted

    def _set(
        self,
        wanted: NDArray[np.int64],
        old: NDArray[np.uint8] | None,
        effort: str,
        cost: NDArray[np.float64] | None,
    ) -> NDArray[np.uint8]:
        """Route every cycle, against its setting before, or against the cycle before it."""
        settings = np.empty((len(wanted), self.cycles, self.switches), np.uint8)
        if old is not None or (effort == "any" and cost is None):
            shape = (len(wanted) * self.cycles, self.switches)
            each = None if old is None else old.reshape(shape)
            return self.benes.route_many(wanted.reshape(shape[0], self.lanes), each, effort).reshape(settings.shape)
        before = self.benes.power_up(len(wanted))
        for cycle in range(self.cycles):
            try:
                before = self.benes.route_many(wanted[:, cycle], before, effort, cost)
            except BlockedError as error:
                raise BlockedError(f"cycle {cycle} of a time-multiplexed network: {error}") from None
            settings[:, cycle] = before
        return settings

    def pass_toggles(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Count switches that toggle while one pass goes from its first cycle to its last, int64 (banks,).

        Example:
            >>> fabric = TimeMultiplexed(16)
            >>> fabric.pass_toggles(fabric.power_up(1)).tolist()
            [0]
        """
        settings = self._parts(states)[0]
        return np.asarray((settings[:, 1:] != settings[:, :-1]).sum(axis=(1, 2)), np.int64)

    def apply_many(self, states: NDArray[Any], signals: NDArray[Any]) -> NDArray[Any]:
        """Send signals (banks, ports) through lanes and cycles."""
        rows = check_rows("signals", signals, (len(states), self.ports))
        return np.take_along_axis(rows, self.trace(states)[0][:, : self.ports], axis=1)

    def paths_many(self, states: NDArray[Any]) -> Paths:
        """Count what every item passes in its cycle."""
        settings, _, _ = self._parts(states)
        when = self.trace(states)[1][:, : self.ports]
        each = self.benes.paths_many(settings.reshape(len(states) * self.cycles, self.switches))
        lane, bank = np.arange(self.ports) % self.lanes, np.arange(len(states))[:, None]
        shape = (len(states), self.cycles, self.lanes)
        return Paths(*(count.reshape(shape)[bank, when, lane] for count in (each.bar, each.cross, each.crossings)))

    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count bits of settings that change, in all cycles."""
        before, after = self._parts(old)[0], self._parts(check_rows("states", new, old.shape))[0]
        return np.asarray((before != after).sum(axis=(1, 2)), np.int64)

    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count bits of settings that go from bar to cross."""
        return np.asarray((self._parts(old)[0] < self._parts(new)[0]).sum(axis=(1, 2)), np.int64)

    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Count switches in cross, summed over the cycles."""
        return np.asarray(self._parts(states)[0].sum(axis=(1, 2), dtype=np.int64))

    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """Return one word per cycle (bit 0 = lowest switch index), then read and write orders, one word per address."""
        settings, read, write = self._parts(state[None, :])
        packed = np.packbits(settings[0], axis=1, bitorder="little")
        found = [(int.from_bytes(row.tobytes(), "little"), self.switches) for row in packed]
        return found + [(int(a), self._address_bits) for order in (read, write) for a in order.reshape(-1)]

    def image_many(self, states: NDArray[Any]) -> NDArray[np.uint8]:
        """Return settings and addresses bit by bit."""
        orders = spread(states[:, self._settings :], np.full(2 * self._items, self._address_bits))
        return np.concatenate([states[:, : self._settings].astype(np.uint8), orders], axis=1)

    def from_words(self, words: list[int]) -> NDArray[np.int32]:
        """Return the state of configuration words."""
        state: NDArray[np.int32] = self.power_up(1)[0]
        width = -(-self.switches // 8)
        packed = np.frombuffer(b"".join(word.to_bytes(width, "little") for word in words[: self.cycles]), np.uint8)
        bits = np.unpackbits(packed.reshape(-1, width), axis=1, bitorder="little") if width else packed
        state[: self._settings] = bits[..., : self.switches].reshape(-1)
        state[self._settings :] = words[self.cycles :]
        if (state[self._settings :] >= self.cycles).any():
            raise OverflowError
        return state

    @property
    def word_order(self) -> str:
        """Describe the words: settings of every cycle, and addresses."""
        return (
            "first one word per cycle, the setting of the one network of lanes in that cycle: bit k of it, least "
            "significant first, is switch k, counted through the stages, 0 = bar, 1 = cross: wires wire_a[k] and "
            "wire_b[k] exchange what they carry; then, lane by lane, one address per cycle: which of its items the "
            "lane sends in that cycle; then, lane by lane, one address per cycle: where the lane stores what comes "
            "in that cycle; input c is item c div lanes of lane c mod lanes, output i is place i div lanes of lane "
            "i mod lanes; items and places from ports on are spare"
        )

    def describe(self) -> dict[str, Any]:
        """Describe lanes, cycles, and the wires of the network that every cycle sets anew."""
        return {"lanes": self.lanes, "cycles": self.cycles, **self.benes.describe()}

    def graph(self, state: NDArray[Any] | None = None, losses: Losses | None = None) -> nx.DiGraph[Any]:
        """Join one Beneš network per cycle (nodes have the cycle in front) by wires for the lanes' memories."""
        import networkx as nx

        graph: nx.DiGraph[Any] = nx.DiGraph()
        graph.add_nodes_from((side, i) for side in ("in", "out") for i in range(self.ports))
        parts = None if state is None else self._parts(state[None, :])
        memory: dict[str, Any] = {"kind": "wire", "switch": None, "crossings": 0}
        if losses is not None:
            memory["loss"] = 0.0
        for cycle in range(self.cycles):
            inner = self.benes.graph(None if parts is None else parts[0][0, cycle], losses)
            graph.update(nx.relabel_nodes(inner, lambda node, cycle=cycle: (cycle, *node)))  # type: ignore[misc]
            for side in (0, 1):
                for lane in range(self.lanes):
                    spots = range(self.cycles) if parts is None else [int(parts[1 + side][0, lane, cycle])]
                    for port in (spot * self.lanes + lane for spot in spots):
                        ends = (
                            (("in", port), (cycle, "in", lane)) if side == 0 else ((cycle, "out", lane), ("out", port))
                        )
                        if port < self.ports:
                            graph.add_edge(*ends, **memory)
        return graph


def short_path(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order rows so that neighbours differ in few places: next comes always the nearest row left.

    Example:
        >>> short_path(np.array([[0, 1, 2], [2, 0, 1], [1, 0, 2]])).tolist()
        [0, 2, 1]
    """
    left, order = np.arange(1, len(rows)), [0]
    while left.size:
        at = int(np.argmin((rows[left] != rows[order[-1]]).sum(axis=1)))
        order.append(int(left[at]))
        left = np.delete(left, at)
    return np.array(order)


PLUGIN = Topology(
    "time-multiplexed",
    "time-multiplexed: about sqrt(N) lanes and cycles, one small Beneš set anew in every cycle",
    TimeMultiplexed,
)
