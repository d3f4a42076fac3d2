"""Price every combination of topology, technology and effort on the same reconnections."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwsim.costing.row import COLUMNS, EACH_COLUMNS, each_step, sums
from hwsim.costing.steps import Redrawn, from_arrays, read_permutations
from hwsim.costing.trace import MINIMISED, Account, Trace
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.routing.effort import EFFORT_LINES
from hwsim.errors import check_type
from hwsim.execution.writes import WRITES
from hwsim.files import Diagnostic, DiagnosticError, Diagnostics
from hwsim.files.diagnostic import Refusal
from hwsim.files.registry import unknown
from hwsim.scenario.lookup import find_sheet, read_switch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

    from hwsim.costing.steps import Reconnections
    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch

DEFAULTS = {"topology": "benes", "technology": "fpga-register-ug474-2016", "effort": "greedy"}
COUNT = 20
"""Random reconnections where no number is given."""


def cost(
    permutations: ArrayLike | str | Path | None = None,
    *,
    random: int | None = None,
    count: int = COUNT,
    moved: int | None = None,
    seed: int = 0,
    topology: str | Sequence[str] = DEFAULTS["topology"],
    technology: str | Sequence[str] = DEFAULTS["technology"],
    effort: str | Sequence[str] = DEFAULTS["effort"],
    ports: int | None = None,
    minimise: str = "toggles",
    dwell: float = 0.0,
    writes: str = "full",
    each: bool = False,
) -> list[dict[str, Any]]:
    """Price reconnections without training: return the rows that ``hwsim cost --json`` prints.

    Args:
        permutations: one permutation (ports,), several in order (count, ports), those of equal banks (count, banks,
            ports), or the path of a text or schedule file. They start from power-up.
        random: instead of permutations: ports of one bank that is reconnected at random, from a random permutation.
        count: random reconnections.
        moved: positions that each one moves; all are drawn anew when None.
        seed: seed of the draws.
        topology: one or several; all combinations are priced.
        technology: switch datasheets; the start of a name is enough where only one begins so.
        effort: how hard the router tries.
        ports: ports of the crossbar; those of the permutations when None.
        minimise: what the router spends little of: ``toggles``, ``energy``, ``loss`` or ``wear``.
        dwell: seconds that a configuration stands, counted where energy is minimised.
        writes: how configurations are sent: ``full``, ``addressed``, ``delta`` or ``shortest``.
        each: give a row for each reconnection instead of one for all of them.

    Returns:
        As :func:`price`; pandas makes a table of it. ``hwsim help cost`` has every column.

    Raises:
        DiagnosticError: an unknown name, numbers out of range, nothing or too much to price, no combination possible.
        PermutationError: a row that is not a permutation.
        ArgumentError: a value of the wrong type.

    Example:
        >>> import hwsim
        >>> rows = hwsim.cost([1, 0, 3, 2], topology=["benes", "crossbar"], technology="fpga-register")
        >>> [(row["topology"], row["moves_total"], row["toggles_max"]) for row in rows]
        [('benes', 4, 2), ('crossbar', 4, 4)]
        >>> row, = hwsim.cost(random=64, count=10, moved=2, topology="crossbar")
        >>> row["reconnections"], row["toggles_mean"], row["toggles_total"]
        (10, 4.0, 40)
        >>> [row["toggles"] for row in hwsim.cost([[1, 0, 3, 2], [1, 0, 2, 3]], topology="crossbar", each=True)]
        [4, 4]
    """
    for name, value in (("random", random), ("moved", moved), ("ports", ports)):
        check_type(name, value, "a whole number", none=True)
    for name, value in (("count", count), ("seed", seed)):
        check_type(name, value, "a whole number")
    for name, words in (("topology", topology), ("technology", technology), ("effort", effort)):
        check_type(name, words, "a text", "a list of texts")
    check_type("minimise", minimise, "a text")
    check_type("dwell", dwell, "a number")
    check_type("writes", writes, "a text")
    if (permutations is None) == (random is None):
        what = "nothing to price" if random is None else "permutations and random ones are both given"
        raise DiagnosticError(
            [Diagnostic("--random", 1, 1, what, "", "give permutations, or the ports of random ones")]
        )
    reconnections: Reconnections
    if random is not None:
        reconnections = Redrawn(random, count, moved, seed)
    elif isinstance(permutations, str | Path):
        reconnections = read_permutations(Path(permutations))
    else:
        assert permutations is not None  # noqa: S101 - checked above
        reconnections = from_arrays(permutations)
    combinations = _listed(topology), _listed(technology), _listed(effort)
    return price(reconnections, *combinations, ports, minimise, dwell, writes=writes, each=each)


def _listed(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def price(
    reconnections: Reconnections,
    topologies: Sequence[str],
    technologies: Sequence[str],
    efforts: Sequence[str],
    ports: int | None = None,
    minimise: str = "toggles",
    dwell: float = 0.0,
    *,
    writes: str = "full",
    each: bool = False,
) -> list[dict[str, Any]]:
    """Price reconnections for every combination of topology, technology and effort.

    Returns:
        Flat rows with the keys of :data:`COLUMNS`, one per combination; with ``each``, of :data:`EACH_COLUMNS`, one per
        combination and reconnection. What does not apply is None: losses of bits, registers of permutations alone, a
        lifetime where endurance is unlimited, or of circuits multiplexed in time, whose switches toggle in every pass.
        A random reconnection that a blocking topology cannot realise is left out, and counted in ``blocked_share``.
        A combination that cannot be is one row of Nones with one key more, ``blocked``, which says why.

    Raises:
        DiagnosticError: an unknown name, a crossbar that is too small, or no combination that can be.

    Example:
        >>> row, = price(from_arrays([1, 0, 3, 2]), ["crossbar"], ["fpga-register"], ["any"])
        >>> row["moves_total"], row["toggles_max"], row["lifetime_reconnections"]
        (4, 4, None)
    """
    topologies, efforts = list(dict.fromkeys(topologies)), list(dict.fromkeys(efforts))
    switches = _check(reconnections, topologies, technologies, efforts, ports, minimise, dwell, writes)
    rows: list[dict[str, Any]] = []
    for topology in topologies:
        circuits = _circuits(topology, reconnections.shapes, ports)
        for effort in efforts:
            for group in _groups(switches, minimise, writes):
                accounts = [Account(switch) for switch in group]
                trace = Trace(circuits.fabrics, accounts, effort, minimise, dwell, writes)
                rows += _rows(reconnections, circuits, trace, each=each)
    reasons = dict.fromkeys(f"{row['topology']}: {row.get('blocked', '')}" for row in rows)
    if all("blocked" in row for row in rows):
        hint = "choose another topology, or other ports"
        raise DiagnosticError([Diagnostic("--topology", 1, 1, reason, "", hint) for reason in reasons])
    place = {switch.name: number for number, switch in enumerate(switches)}
    return sorted(rows, key=lambda row: (topologies.index(row["topology"]), place[row["technology"]]))


def _groups(switches: Sequence[Switch], minimise: str, writes: str) -> list[list[Switch]]:
    """Return the technologies that share a pass: routed alike, and sent alike through ports as wide."""
    groups: dict[Any, list[Switch]] = {}
    for switch in switches:
        routed = None if minimise == "toggles" else switch.name
        groups.setdefault((routed, None if writes == "full" else switch.port_width), []).append(switch)
    return list(groups.values())


def _check(
    reconnections: Reconnections,
    topologies: Sequence[str],
    technologies: Sequence[str],
    efforts: Sequence[str],
    ports: int | None,
    minimise: str,
    dwell: float,
    writes: str,
) -> list[Switch]:
    """Refuse what is unknown, all at once, before any work; the switch technologies."""
    diagnostics = Diagnostics()
    for option, given, known in (
        ("--topology", topologies, CROSSBARS),
        ("--effort", efforts, EFFORT_LINES),
        ("--minimise", [minimise], MINIMISED),
        ("--writes", [writes], WRITES),
    ):
        for name in given:
            if name not in known:
                diagnostics.add(_unknown(option, name, known))
    if not (math.isfinite(dwell) and dwell >= 0):
        diagnostics.add(Diagnostic("--dwell", 1, 1, "no time to hold", str(dwell), "give a time of at least 0 s"))
    full: dict[str, Path] = {}
    for given in technologies:
        try:
            name, path = find_sheet("switch", given)
        except Refusal as error:
            diagnostics.add(Diagnostic("--technology", 1, 1, error.what, "", error.hint))
            continue
        if full.setdefault(name, path).resolve() != path.resolve():
            what = f"two datasheets are called {name!r}"
            diagnostics.add(Diagnostic("--technology", 1, 1, what, "", "give one of the files another name"))
    most = max(size for _, size in reconnections.shapes)
    if ports is not None and ports < most:
        what = f"a crossbar of {ports} ports is too small for a permutation of {most}"
        diagnostics.add(Diagnostic("--ports", 1, 1, what, "", f"give at least {most}"))
    diagnostics.check()
    return [read_switch(name, path) for name, path in full.items()]


def _unknown(option: str, name: str, known: Mapping[str, object]) -> Diagnostic:
    what, _, hint = unknown(option.removeprefix("--"), name, known).partition("; ")
    return Diagnostic(option, 1, 1, what, "", hint)


@dataclass(frozen=True)
class _Circuits:
    """The circuits of one topology, or why there are none; ``size`` is what rows say of them."""

    size: dict[str, Any]
    fabrics: list[Fabric]
    reason: str = ""


def _circuits(topology: str, shapes: Sequence[tuple[int, int]], ports: int | None) -> _Circuits:
    size = {"topology": topology, "ports": ports or max(wanted for _, wanted in shapes)}
    try:
        fabrics = [CROSSBARS[topology].build(ports or wanted) for _, wanted in shapes]
    except ValueError as error:
        return _Circuits(size, [], str(error))
    size["switches"] = sum(banks * fabric.switches for fabric, (banks, _) in zip(fabrics, shapes, strict=True))
    size["depth"] = max(fabric.depth for fabric in fabrics)
    size["configuration_bits"] = max(fabric.configuration_bits for fabric in fabrics)
    return _Circuits(size, fabrics)


def _rows(reconnections: Reconnections, circuits: _Circuits, trace: Trace, *, each: bool) -> Iterator[dict[str, Any]]:
    """Go through the reconnections once: yield rows for every switch technology."""
    reason = circuits.reason
    if not reason:
        try:
            trace.run(reconnections)
        except ValueError as error:
            reason = str(error)
    columns = EACH_COLUMNS if each else COLUMNS
    for account in trace.accounts:
        known = {**circuits.size, "technology": account.switch.name, "effort": trace.effort, "writes": trace.writes}
        row = {key: known.get(key) for key in columns}
        if reason:
            yield {**row, "blocked": reason}
        elif each:
            registers = reconnections.writes is not None
            yield from ({**row, **step} for step in each_step(trace, account, registers=registers))
        else:
            yield {**row, **sums(trace, account, reconnections)}
