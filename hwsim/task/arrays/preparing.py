"""From arrays as they were read to a task: checked, split, labels made classes, inputs scaled."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.stream import stream
from hwsim.task.arrays.classes import find_classes, find_unlearnable
from hwsim.task.arrays.schema import TEST_SHARE
from hwsim.task.arrays.sources import FEW, Part, listed
from hwsim.task.data import BoundTask, DataFault, DataFaults, Shape, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.task.arrays.schema import ArraysParameters

MOST = float(np.finfo(np.float32).max)


def digest_of(train: Part, test: Part | None) -> str:
    """Compute SHA-256 of data as read: of every array its name, type, shape and content, whatever the file.

    Example:
        >>> x, y = np.zeros((2, 3), np.float32), np.array([0, 1])
        >>> same = digest_of(Part(x.copy("F"), y), None) == digest_of(Part(x, y.astype(">i8")), None)
        >>> x[1, 2] = np.nextafter(np.float32(0), np.float32(1))  # one bit
        >>> same, digest_of(Part(x, y), None) == digest_of(Part(0 * x, y), None)
        (True, False)
    """
    total = hashlib.sha256()
    for half, part in (("train", train), ("test", test)):
        for name in ("x", "y", "split"):
            values = getattr(part, name, None)
            if values is not None:
                plain = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
                total.update(f"{half}/{name} {plain.dtype.str} {list(values.shape)}\n".encode())
                total.update(plain.tobytes())
    return total.hexdigest()


def prepare(train: Part, test: Part | None, given: ArraysParameters) -> BoundTask:
    """Check the data and make a task of them.

    Args:
        train: all samples, or those for training where ``test`` has the others.
        test: those of the test, None where they are to be told from the others.
        given: what is wanted.

    Raises:
        DataFaults: everything that is wrong with them.
    """
    digest = digest_of(train, test)
    faults = _pinned(digest, given) + _classes(given)
    parts, words = ([train], [""]) if test is None else ([train, test], ["training: ", "test: "])
    for word, part in zip(words, parts, strict=True):
        faults += _inputs(part, given, word) + _targets(part, given, word)
    if test is not None and train.x.shape[1:] != test.x.shape[1:]:
        what = f"samples for training have the shape {train.x.shape[1:]}, those of the test {test.x.shape[1:]}"
        faults.append(DataFault("inputs", what, "give samples of one shape"))
    if any(fault.key in ("targets", "inputs", "split", "classes") for fault in faults):
        raise DataFaults(faults)
    y, names = find_classes(parts, given, faults) if given.goal == "classification" else _real(parts, faults)
    x = [part.x.reshape(len(part.x), -1) for part in parts]
    if test is None:
        chosen = _tested(train, y[0], given, faults)
        x, y = ([half[0][~chosen], half[0][chosen]] for half in (x, y))
    if given.goal == "classification" and not faults:
        faults += find_unlearnable(y[0], names)
    if faults:
        raise DataFaults(faults)
    scaled, ends = _scale(x, given)
    shape = _shape(train, names, given)
    task = Task(shape, scaled[0], y[0], scaled[1], y[1], ends)
    drawn = test is None and given.split is None
    update: dict[str, Any] = {"digest": digest, "test_share": (given.test_share or TEST_SHARE) if drawn else None}
    if given.goal == "classification":
        update["classes"] = names if isinstance(names, list) else shape.outputs
    known = given.model_copy(update=update)
    return BoundTask(known, task, digest, _about(task, known, names))


def _pinned(digest: str, given: ArraysParameters) -> list[DataFault]:
    if given.digest in (None, digest):
        return []
    what = f"the data have changed: their digest is {digest[:12]}, and the scenario was written for {given.digest[:12]}"
    return [DataFault("digest", what, "bring the old file back, or remove digest, which makes another run")]


def _classes(given: ArraysParameters) -> list[DataFault]:
    """Say what is wrong with ``classes`` itself."""
    classes = given.classes
    if classes is None:
        return []
    if given.goal == "regression":
        return [DataFault("classes", "a regression has no classes", "leave classes out")]
    count = len(set(classes)) if isinstance(classes, list) else classes
    if isinstance(classes, list) and count < len(classes):
        return [DataFault("classes", "a name stands twice in classes", "name each class once")]
    return [] if count > 1 else [DataFault("classes", f"classes says {count}", "there must be two or more")]


# arrays


def _inputs(part: Part, given: ArraysParameters, word: str) -> list[DataFault]:
    x = part.x
    if x.dtype.kind not in "biuf":
        return [DataFault("inputs", f"{word}inputs are {x.dtype}, not real numbers", "convert them with astype")]
    if x.ndim < 1 or not x.size:
        return [DataFault("inputs", f"{word}inputs of the shape {x.shape} hold no sample", "give samples first")]
    faults = _finite(part, x, "inputs", word)
    ends = (("low", given.low, np.less), ("high", given.high, np.greater))
    for key, end, beyond in ends:
        if end is not None:
            faults += _named(
                part, x, beyond(x, end), key, f"{word}inputs lie beyond {key} = {end:g}", "widen the range"
            )
    if given.low is not None and given.high is not None and not given.low < given.high:
        faults.append(DataFault("low", f"low = {given.low:g} is not below high = {given.high:g}", "exchange them"))
    return faults


def _targets(part: Part, given: ArraysParameters, word: str) -> list[DataFault]:
    y, samples = part.y, len(part.x) if part.x.ndim else 0
    if given.goal == "regression" and y.dtype.kind not in "biuf":
        what = f"{word}targets are {'text' if y.dtype.kind in 'US' else y.dtype}, not real numbers"
        return [DataFault("targets", what, "for classes set goal = 'classification'")]
    faults = []
    for noun, values in (("targets", y), ("split", part.split)):
        flat = noun == "targets" or (values is not None and values.ndim == 1)
        if values is not None and (values.ndim < 1 or len(values) != samples or not flat):
            what = f"{word}{samples:,} samples of inputs, but {noun} of the shape {values.shape}"
            faults.append(DataFault(noun, what, "give one for each sample"))
    if not faults and not y.size:
        faults.append(DataFault("targets", f"{word}targets of the shape {y.shape} hold no number", "give targets"))
    if given.goal == "classification" and y.ndim > 1 and y.shape[1:] != (1,):
        what = f"{word}class numbers of the shape {y.shape}"
        hint = f"give one for each sample, ({len(y)},); of a one-hot matrix that is y.argmax(axis=1)"
        faults.append(DataFault("targets", what, hint))
    return faults + (_finite(part, y, "targets", word) if y.dtype.kind == "f" and not faults else [])


def _finite(part: Part, values: NDArray[Any], noun: str, word: str) -> list[DataFault]:
    if values.dtype.kind != "f":
        return []
    wrong = ~np.isfinite(values)
    found = _named(part, values, wrong, noun, f"{word}{noun} are not finite numbers", "fill them in, or leave them out")
    large = ~wrong & (np.abs(values) > MOST) if values.dtype.itemsize > 4 else ~wrong & False  # noqa: PLR2004 - float32
    hint = "divide them by something"
    return found + _named(part, values, large, noun, f"{word}{noun} are too large for float32", hint)


def _named(
    part: Part, values: NDArray[Any], wrong: NDArray[np.bool_], key: str, what: str, hint: str
) -> list[DataFault]:
    """Report one fault with the places where it stands, the first of many."""
    places = np.argwhere(wrong)
    if not len(places):
        return []
    where = [f"{part.place(tuple(map(int, at)))} is {values[tuple(at)]:.6g}" for at in places[:FEW]]
    more = f" and {len(places) - FEW:,} more" if len(places) > FEW else ""
    return [DataFault(key, f"{what}: {', '.join(where)}{more}", hint)]


# split


def _tested(train: Part, y: NDArray[Any], given: ArraysParameters, faults: list[DataFault]) -> NDArray[np.bool_]:
    """Tell which samples are those of the test, (samples,)."""
    if train.split is not None:
        words = train.split.astype(str).reshape(-1)
        strange = np.unique(words[~np.isin(words, ("train", "test"))])
        if strange.size:
            what = f"{given.split!r} says {listed([repr(str(one)) for one in strange], FEW)}"
            faults.append(DataFault("split", what, "write train or test for each sample"))
        chosen = np.asarray(words == "test")
    else:
        chosen = _draw(y, given)
    for word, count in (("training", int((~chosen).sum())), ("the test", int(chosen.sum()))):
        if not count:
            what = f"of {len(chosen):,} samples none is left for {word}"
            key = "split" if train.split is not None else "test_share"
            faults.append(DataFault(key, what, "give more samples, or another share"))
    return chosen


def _draw(y: NDArray[Any], given: ArraysParameters) -> NDArray[np.bool_]:
    """Draw samples for the test; of each class its share if that is wanted."""
    rng, share = stream(given.split_seed, "task/arrays/split"), given.test_share or TEST_SHARE
    groups = [np.arange(len(y))]
    if given.goal == "classification" and given.stratified:
        order = np.argsort(y, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(y[order])) + 1)
    chosen = np.zeros(len(y), bool)
    for group in groups:
        chosen[rng.permutation(group)[: min(round(len(group) * share), len(group) - 1)]] = True
    return chosen


# targets and inputs as a task has them


def _real(parts: Sequence[Part], faults: list[DataFault]) -> tuple[list[NDArray[Any]], int]:
    found = [part.y.reshape(len(part.y), -1).astype(np.float32) for part in parts]
    if found[0].shape[1] != found[-1].shape[1]:
        what = f"targets for training are {found[0].shape[1]} numbers, those of the test {found[-1].shape[1]}"
        faults.append(DataFault("targets", what, "give as many for both"))
    return found, found[0].shape[1]


def _scale(x: Sequence[NDArray[Any]], given: ArraysParameters) -> tuple[list[NDArray[np.float32]], tuple[float, float]]:
    """Scale inputs as the network sees them, float32 (samples, features); also return the range that holds them all."""
    wide = [part.astype(np.float64) for part in x]
    axis = 0 if given.scaling_over == "column" else None
    offset: NDArray[Any] | float = 0.0
    span: NDArray[Any] | float = 1.0
    if given.scaling != "none":
        lowest, reach = wide[0].min(axis), np.ptp(wide[0], axis)
        offset, span = (lowest, reach) if given.scaling == "unit" else (wide[0].mean(axis), wide[0].std(axis))
        span = np.where(reach > 0, span, np.inf)  # what is constant becomes 0; its deviation need not be, by rounding
    found = [((values - offset) / span).astype(np.float32) + np.float32(0) for values in wide]
    low, high = _ends(found)
    if given.scaling == "none":
        low, high = given.low if given.low is not None else low, given.high if given.high is not None else high
    return found, (low, high if high > low else low + 1.0)


def _ends(x: list[NDArray[np.float32]]) -> tuple[float, float]:
    return min(float(part.min()) for part in x), max(float(part.max()) for part in x)


def _shape(train: Part, names: list[str] | int, given: ArraysParameters) -> Shape:
    outputs = len(names) if isinstance(names, list) else names
    features = int(np.prod(train.x.shape[1:]))
    return Shape(features, outputs, given.goal, sample=tuple(train.x.shape[1:]) if train.x.ndim > 1 else (1,))


def _about(task: Task, known: ArraysParameters, names: list[str] | int) -> dict[str, Any]:
    """Describe what was made of the data, for people and for the answer."""
    axis = 0 if known.scaling != "none" and known.scaling_over == "column" else None
    low, high = task.train_x.min(axis=axis), task.train_x.max(axis=axis)
    outside = int(((task.test_x < low) | (task.test_x > high)).sum())
    together = "all inputs together" if known.scaling_over == "all" else "each column by itself"
    scaled = {"none": "not scaled", "unit": f"scaled to 0..1, {together}", "standard": f"standardised, {together}"}
    return {
        "digest": known.digest,
        "training": len(task.train_x),
        "test": len(task.test_x),
        "sample": list(task.shape.sample),
        "range": list(task.input_range),
        "scaled": scaled[known.scaling],
        "test_inputs_beyond_training": outside,
        **({"classes": names} if isinstance(names, list) else {}),
    }
