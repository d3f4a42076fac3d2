"""Which hidden units a chip uses for which of its tasks: variances of their activations, and clusters of units.

Source: E. Williams et al., arXiv 2407.00957, after G. R. Yang et al., Task representations in neural networks trained
to perform many cognitive tasks, Nature Neuroscience 22, 297 (2019). The variance of a unit for a task is that of its
activation over the task's test inputs, with the task's own biases; units whose variances add up to less than 1e-3 are
left out, the others are divided by their largest and put into clusters by k-means, with the k of the best silhouette.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device import infer
from hwsim.device.ideal import IdealChip
from hwsim.execution import replay
from hwsim.model import Registers
from hwsim.pipeline.fabrication import KEPT, assemble, initial_values
from hwsim.pipeline.folder import SCHEDULE, FolderError
from hwsim.schedule import Follower, open_schedule
from hwsim.stream import stream
from hwsim.task.loading import load_task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.model import Model
    from hwsim.scenario import Plan
    from hwsim.schedule import Entry

SILENT = 1e-3
"""Units whose variances add up to less take part in no task (Yang et al.)."""
MOST_CLUSTERS = 30
SEEN_AT_ONCE, SILHOUETTES_OF = 500, 2000
"""Test inputs that run at once, and units that a silhouette is reckoned from."""
TRIES, MOST_ROUNDS = 4, 300
"""Times that k-means begins anew, and rounds after which it ends in any case."""


@dataclass(frozen=True)
class TaskVariance:
    """What the hidden units of a chip do in each of its tasks.

    ``variance`` and ``bias`` are float64 (units, tasks), ``places`` int64 (units, 2) of layer and unit, ``cluster``
    int64 (units,) from 0, -1 for units that take part in no task; ``silhouettes`` are those of every k tried.
    """

    tasks: tuple[str, ...]
    places: NDArray[np.int64]
    variance: NDArray[np.float64]
    bias: NDArray[np.float64]
    cluster: NDArray[np.int64]
    silhouettes: dict[int, float]

    @property
    def relative(self) -> NDArray[np.float64]:
        """Return variances over the largest of the same unit; 0 where there is none, float64 (units, tasks)."""
        return relative(self.variance)

    @property
    def correlation(self) -> list[float]:
        """Return Pearson's correlation of biases and variances over units that take part; NaN for constants."""
        used = self.cluster >= 0
        pairs = [(self.bias[used, n], self.variance[used, n]) for n in range(len(self.tasks))]
        return [
            float(np.corrcoef(b, v)[0, 1]) if b.size and np.ptp(b) and np.ptp(v) else float("nan") for b, v in pairs
        ]

    def summary(self) -> dict[str, Any]:
        """Sum up the findings in numbers, ready for JSON."""
        centres = self.relative
        return {
            "units": len(self.cluster),
            "in_no_task": int((self.cluster < 0).sum()),
            "clusters": [
                {
                    "units": int((self.cluster == k).sum()),
                    "relative_variance": dict(
                        zip(self.tasks, centres[self.cluster == k].mean(axis=0).tolist(), strict=True)
                    ),
                }
                for k in range(int(self.cluster.max(initial=-1)) + 1)
            ],
            "silhouettes": self.silhouettes,
            "correlation_of_bias_and_variance": dict(zip(self.tasks, self.correlation, strict=True)),
        }

    def table(self) -> list[dict[str, Any]]:
        """Return one row per unit: layer, unit, cluster, and variance and bias for every task."""
        return [
            {"layer": int(layer), "unit": int(unit), "cluster": int(cluster)}
            | {f"variance_{name}": float(v) for name, v in zip(self.tasks, variance, strict=True)}
            | {f"bias_{name}": float(b) for name, b in zip(self.tasks, bias, strict=True)}
            for (layer, unit), cluster, variance, bias in zip(
                self.places, self.cluster, self.variance, self.bias, strict=True
            )
        ]


def relative(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return variances (units, tasks) over the largest of each unit.

    Example:
        >>> relative(np.array([[1.0, 2.0], [0.0, 0.0]])).tolist()
        [[0.5, 1.0], [0.0, 0.0]]
    """
    largest = variance.max(axis=1, keepdims=True)
    found: NDArray[np.float64] = np.divide(variance, largest, out=np.zeros_like(variance), where=largest > 0)
    return found


def task_variance(plan: Plan, run: Path, report: Callable[[float], None] = lambda _: None) -> TaskVariance:
    """Find the variances of a finished run's hidden units, task by task, and cluster the units by them.

    Activations are those of the design values of the cells that each unit meets, without noise and rounding.

    Args:
        plan: the run's plan.
        run: its folder.
        report: told the share that is done.

    Raises:
        FolderError: the run has one task alone, or no hidden units.
    """
    task = load_task(plan.task, plan.task_parameters)
    if not task.tasks:
        raise FolderError(f"{run}: this run has one task; variances compare the tasks of a multi-task")
    if len(plan.model.layers) < 2:  # noqa: PLR2004 - hidden and last
        raise FolderError(f"{run}: the network has no hidden units")
    chip = assemble(plan, task, initial_values(plan, task, run / KEPT)).chip
    states = _states(plan, run, [chip.nominal(number) for number in range(len(plan.model.layers))])
    if set(states) != {one.name for one in task.tasks}:
        raise FolderError(f"{run}: the run is not finished; run its scenario again")
    variances, biases = [], []
    for number, one in enumerate(task.tasks):
        weights, values = states[one.name]
        variances.append(unit_variances(plan.model, weights, values, one.test_x))
        biases.append(np.concatenate([one.bias for one in values[:-1]]))
        report((number + 1) / len(task.tasks))
    variance = np.stack(variances, axis=1)
    cluster, silhouettes = find_clusters(variance, plan.scenario.seed)
    units = [layer.units for layer in plan.model.layers[:-1]]
    places = np.concatenate([np.stack([np.full(n, at), np.arange(n)], axis=1) for at, n in enumerate(units)])
    names = tuple(one.name for one in task.tasks)
    return TaskVariance(names, places, variance, np.stack(biases, axis=1), cluster, silhouettes)


def _states(
    plan: Plan, run: Path, cells: Sequence[NDArray[np.float64]]
) -> dict[str, tuple[list[NDArray[np.float32]], list[Registers]]]:
    """Return the weights that positions meet and the registers for every task, as they were last set for it."""
    found: dict[str, tuple[list[NDArray[np.float32]], list[Registers]]] = {}
    layers = plan.model.layers
    with open_schedule(run / SCHEDULE) as schedule:
        follower, banks = Follower(schedule.layout), schedule.layout.layers
        ends = {row["task"]: row["event"] for row in schedule.scores() if "task" in row}
        last = {event: task for task, event in ends.items()}

        def keep(entry: Entry) -> None:
            if entry.event in last:
                rows = zip(banks, layers, cells, follower.permutations, strict=True)
                met = [
                    bank.matrix(np.take_along_axis(bank.rows(values), p, axis=1), layer.units).astype(np.float32)
                    for bank, layer, values, p in rows
                ]
                pairs = zip(layers, follower.registers, strict=True)
                found[last[entry.event]] = met, [Registers.of(layer, values) for layer, values in pairs]

        replay(schedule.entries(), follower, after=keep)
    return found


def unit_variances(
    model: Model, weights: Sequence[NDArray[np.float32]], registers: Sequence[Registers], x: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Compute the variance of every hidden unit's activation over inputs, and over the steps or places of one.

    Args:
        model: the network.
        weights: per layer float32 (units, inputs).
        registers: per layer.
        x: float32 (samples, features).

    Returns:
        float64 (units of all layers but the last,).
    """
    last = len(model.layers) - 1
    chip = IdealChip(model, tuple(weights))
    count = [0] * last
    mean, spread = ([np.zeros(layer.units) for layer in model.layers[:last]] for _ in range(2))

    def watch(layer: int, signals: NDArray[Any]) -> None:
        if layer == last:
            return
        rows = np.asarray(signals, np.float64).reshape(-1, model.layers[layer].units)
        # two sets of samples into one: T. F. Chan, G. H. Golub, R. J. LeVeque, COMPSTAT 1982
        total, own = count[layer] + len(rows), rows.mean(axis=0)
        away = own - mean[layer]
        spread[layer] += ((rows - own) ** 2).sum(axis=0) + away**2 * (count[layer] * len(rows) / total)
        mean[layer] += away * (len(rows) / total)
        count[layer] = total

    for first in range(0, len(x), SEEN_AT_ONCE):
        infer(model, chip, x[first : first + SEEN_AT_ONCE], registers, None, watch)
    return np.concatenate([total / number for total, number in zip(spread, count, strict=True)])


def find_clusters(variance: NDArray[np.float64], seed: int) -> tuple[NDArray[np.int64], dict[int, float]]:
    """Put units that serve the same tasks together.

    Args:
        variance: float64 (units, tasks).
        seed: of k-means and of the units that silhouettes are reckoned from.

    Returns:
        The cluster of every unit, int64 (units,), -1 where the unit takes part in no task; clusters are numbered by
        the task that they serve most, then by size. And the silhouette of every number of clusters tried; none where
        there are too few different units.
    """
    cluster = np.full(len(variance), -1, np.int64)
    used = np.flatnonzero(variance.sum(axis=1) >= SILENT)
    points = relative(variance[used])
    most = min(MOST_CLUSTERS, len(np.unique(points, axis=0)) - 1)
    silhouettes: dict[int, float] = {}
    best: NDArray[np.int64] = np.zeros(len(used), np.int64)
    rng = stream(seed, "variance/clusters")
    some = np.sort(rng.permutation(len(points))[:SILHOUETTES_OF])
    for k in range(2, most + 1):
        labels = k_means(points, k, rng)
        silhouettes[k] = silhouette(points[some], labels[some])
        if silhouettes[k] == max(silhouettes.values()):
            best = labels
    names = np.unique(best)
    centres = [points[best == name].mean(axis=0) for name in names]
    order = sorted(names, key=lambda name: (int(centres[name].argmax()), -int((best == name).sum())))
    for number, name in enumerate(order):
        cluster[used[best == name]] = number
    return cluster, silhouettes


def k_means(points: NDArray[np.float64], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Put points into k clusters: the best of several tries of Lloyd's method, each from centres drawn far apart.

    Source: D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007.

    Args:
        points: float64 (points, numbers), at least k different ones.
        k: number of clusters.
        rng: draws the first centres.

    Returns:
        The cluster of every point, int64 (points,).

    Example:
        >>> labels = k_means(np.array([[0.0], [0.1], [5.0], [5.1]]), 2, np.random.default_rng(0))
        >>> bool(labels[0] == labels[1] != labels[2] == labels[3])
        True
    """
    best, least = np.zeros(len(points), np.int64), np.inf
    for _ in range(TRIES):
        centres = points[[rng.integers(len(points))]]
        while len(centres) < k:
            away = _squares(points, centres).min(axis=1)
            centres = np.concatenate([centres, points[[rng.choice(len(points), p=away / away.sum())]]])
        labels = np.full(len(points), -1)
        for _ in range(MOST_ROUNDS):
            squares = _squares(points, centres)
            new = squares.argmin(axis=1)
            if np.array_equal(new, labels):
                break
            labels = new
            for name in np.unique(labels):
                centres[name] = points[labels == name].mean(axis=0)
        cost = float(squares.min(axis=1).sum())
        if cost < least:
            best, least = labels, cost
    return best.astype(np.int64)


def silhouette(points: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Tell how well points lie in their clusters: mean of ``(b - a) / max(a, b)``, 0 for points alone in their cluster.

    ``a`` is the mean distance of a point to the others of its cluster, ``b`` the least of those to other clusters.
    Source: P. J. Rousseeuw, J. Comput. Appl. Math. 20, 53 (1987).

    Returns:
        -1 to 1; 0 where there are fewer than two clusters.

    Example:
        >>> silhouette(np.array([[0.0], [1.0], [3.0]]), np.array([0, 0, 1])).__round__(4)
        0.3889
    """
    names, own, count = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2:  # noqa: PLR2004 - nothing to compare
        return 0.0
    distance = np.sqrt(_squares(points, points))
    to = np.stack([distance[:, own == number].sum(axis=1) for number in range(len(names))], axis=1)
    rows = np.arange(len(points))
    inside = to[rows, own] / np.maximum(count[own] - 1, 1)
    to = to / count
    to[rows, own] = np.inf
    other = to.min(axis=1)
    found = (other - inside) / np.maximum(np.maximum(inside, other), np.finfo(np.float64).tiny)
    return float(np.where(count[own] > 1, found, 0.0).mean())


def _squares(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared distances, (points, others)."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(points, others, "sqeuclidean"), np.float64)
