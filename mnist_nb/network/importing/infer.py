"""The layers of a state dict, read off its names and shapes.

A state dict names its tensors and not how they are used. What has weights stands in it in the order
in which it runs, as a rule. What has none, and how convolutions are padded, has to be such that
each layer fits the next: usually there is one simple way. All that fit are returned, the simplest
first; `by_digits.py` chooses.
"""

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from mnist_nb.errors import WeightsError
from mnist_nb.network.importing.source import Layers
from mnist_nb.network.ops import NORM, Shape

ACTIVATION, POOL = "activation", "pool"  # ops that stand for any activation, any pooling
MOST, WORST = 16, 6.0  # ways that are returned, and by how much they may be less simple
PATIENCE = 10_000  # steps of the search: twice what twelve padded convolutions with norms take


HELP = (
    "give the layers with --layers layers.json, a list as in docs/weights-format.md with the state "
    "dict's tensor names"
)
# Pools by how unusual they are: 0 is usual.
_POOLS = ((2, 2, 0, 0.0), (3, 2, 0, 2.5), (3, 3, 0, 2.5), (3, 2, 1, 3.0), (4, 4, 0, 3.0))


@dataclass(frozen=True)
class _Module:
    """Something with tensors: its name, op and what `shape` its weight has."""

    prefix: str
    op: str
    entry: dict[str, Any]
    shape: Shape


@dataclass(frozen=True)
class _Way:
    """Layers up to some module, and what comes out of them: c channels on side x side, or c."""

    layers: tuple[dict[str, Any], ...]
    c: int
    side: int | None  # None after the flatten
    padding: str | None = None  # how the convolutions before were padded
    active: bool = True  # there was an activation since the last weights

    def add(self, *layers: dict[str, Any], **changes: Any) -> "_Way":
        return replace(self, layers=self.layers + layers, **changes)


def infer_layers(
    shapes: Mapping[str, Shape], names: Sequence[str] = ()
) -> list[tuple[float, Layers]]:
    """Return lists of layers that fit a state dict, each with how unusual it is.

    There are at most MOST, the most usual first.

    In them the op `activation` stands for any activation, `pool` for max or average pooling.

    Args:
        shapes: the shape of each tensor by name, in the state dict's order.
        names: of all modules, also of those without tensors, where they are known.

    Raises:
        WeightsError: it is no sequence of convolutions, batch norms and linear layers that fits,
            with the reason and how to give the layers.
    """
    modules = _in_order(_modules(shapes))
    if not modules:
        raise WeightsError(f"there are no weights to infer layers from: {HELP}")
    found: list[tuple[float, Layers]] = []
    count = 0
    heap: list[tuple[float, int, int, _Way]] = [(0.0, 0, 0, _Way((), 1, 28))]
    furthest = 0
    for _ in range(PATIENCE):
        if not heap or len(found) == MOST:
            break
        cost, _, index, way = heapq.heappop(heap)
        if found and cost > found[0][0] + WORST:
            break
        furthest = max(furthest, index)
        if index == len(modules):
            if list(way.layers) not in [layers for _, layers in found]:
                found.append((cost, list(way.layers)))
            continue
        after = modules[index + 1] if index + 1 < len(modules) else None
        for more, applied in _apply(modules[index], way):
            for extra, ready in _between(modules[index], after, applied, names):
                count += 1
                heapq.heappush(heap, (cost + more + extra, count, index + 1, ready))
    if not found:
        stuck = modules[min(furthest, len(modules) - 1)]
        where = f"{stuck.prefix or 'weight'} of {stuck.shape} fits nothing before it"
        raise WeightsError(
            f"the layers cannot be read off its names and shapes: {where}, with any pooling, stride"
            f" or padding that is usual: {HELP}"
        )
    return found


def _modules(shapes: Mapping[str, Shape]) -> list[_Module]:
    leaves: dict[str, list[str]] = {}  # "conv1" -> ["weight", "bias"]
    for name in shapes:
        prefix, _, leaf = name.rpartition(".")
        leaves.setdefault(prefix, []).append(leaf)
    return [_module(prefix, found, shapes) for prefix, found in leaves.items()]


def _module(prefix: str, leaves: list[str], shapes: Mapping[str, Shape]) -> _Module:
    names = {leaf: f"{prefix}.{leaf}" if prefix else leaf for leaf in leaves}
    if "weight" in names and names.keys() <= {"weight", "bias"}:
        op = {4: "conv2d", 2: "linear"}.get(len(shapes[names["weight"]]))
        if op:
            return _Module(prefix, op, {"op": op} | names, shapes[names["weight"]])
    if prefix and names.keys() == set(NORM):
        return _Module(prefix, "norm", {"prefix": prefix}, shapes[names["weight"]])
    found = ", ".join(f"{name} {shapes[name]}" for name in names.values())
    raise WeightsError(
        f"the layers cannot be inferred, {found!r:.200} is no Conv2d, BatchNorm or Linear: {HELP}"
    )


def _in_order(modules: list[_Module]) -> list[_Module]:
    """Put batch norms that were named after all convolutions behind one each."""
    if not any(a.op == b.op == "norm" for a, b in pairwise(modules)):
        return modules
    norms = [module for module in modules if module.op == "norm"]
    ordered = []
    for module in modules:
        if module.op != "norm":
            ordered.append(module)
            if norms and norms[0].shape == module.shape[:1]:
                ordered.append(norms.pop(0))
    if norms:
        raise WeightsError(
            f"{norms[0].prefix} follows no layer with {norms[0].shape[0]} outputs: the state dict "
            f"is not in the order in which its layers run: {HELP}"
        )
    return ordered


def _apply(module: _Module, way: _Way) -> Iterator[tuple[float, _Way]]:
    """Yield the ways on with a module, and what each costs in simplicity."""
    if module.op == "norm":
        if way.side is None and module.shape == (way.c,):
            yield 0, way.add({"op": "batchnorm1d"} | module.entry)
        elif way.side is not None and module.shape == (way.c,):
            yield 0, way.add({"op": "batchnorm2d"} | module.entry)
        elif way.side is not None and module.shape == (way.c * way.side**2,):
            flat = {"op": "flatten"}, {"op": "batchnorm1d"} | module.entry
            yield 0, way.add(*flat, c=way.c * way.side**2, side=None)
    elif module.op == "linear":
        out, entering = module.shape
        if way.side is not None and entering == way.c * way.side**2:
            yield 0, way.add({"op": "flatten"}, module.entry, c=out, side=None, active=False)
        elif way.side is None and entering == way.c:
            yield 0, way.add(module.entry, c=out, active=False)
    elif way.side is not None:
        yield from _convolve(module, way, way.side)


def _convolve(module: _Module, way: _Way, side: int) -> Iterator[tuple[float, _Way]]:
    out, inside, k, columns = module.shape
    if k != columns or way.c % inside or out % (way.c // inside):
        return
    groups = {"groups": way.c // inside} if inside < way.c else {}
    pads = {0: "valid", (k - 1) // 2: "same" if k % 2 else "half"}
    for pad in sorted({*pads, 1, 2} & set(range(k))):
        style = pads.get(pad) if k > 1 else way.padding
        cost = 4.0 if style is None else 1.0 if way.padding not in (None, style) else 0.0
        for stride in (1, 2, 3):
            after = (side + 2 * pad - k) // stride + 1
            if side + 2 * pad < k or stride > k > 1:
                continue
            entry = module.entry | groups
            entry |= {"stride": stride} if stride > 1 else {}
            entry |= {"padding": pad} if pad else {}
            more = (0, 1.5, 4)[stride - 1]
            yield cost + more, way.add(entry, c=out, side=after, padding=style, active=False)


def _between(
    module: _Module, after: _Module | None, way: _Way, names: Sequence[str]
) -> Iterator[tuple[float, _Way]]:
    """Yield the ways on from a module to the next: with an activation or a pool, or not."""
    if after is None:
        if way.side is not None:
            way = way if way.side == 1 else way.add({"op": "globalavgpool2d"})
            way = way.add({"op": "flatten"}, side=None)
        yield 0, way
        return
    gap = _gap(module.prefix, after.prefix)  # modules without tensors in between
    norm = after.op == "norm" and after.shape == (way.c,)
    flatten = not norm and after.op != "conv2d" and way.side is not None
    if way.active:
        choices = [(0.0, way)]
    elif norm and not gap:
        acted = way.add({"op": ACTIVATION}, active=True)
        choices = [(0.0, way), *([(4.0, acted)] if gap is None else [])]
    elif gap is not None and gap <= flatten:
        choices = [(0.0, way)]
    else:
        choices = [(0.0, way.add({"op": ACTIVATION}, active=True))]
    for cost, ready in choices:
        # What is left for a pool in a Sequential, where the flatten is a module too.
        room = None if gap is None else gap - flatten - (ready is not way)
        wanted = _wants_pool(module.prefix, after.prefix, names) if room is None else room > 0
        wanted = False if norm else wanted
        yield cost + (1.0 if wanted else 0.0), ready
        if ready.side is None or (room is not None and room <= 0):
            continue
        more = cost + (1.0 if wanted is False else 0.0) + (2.0 if norm else 0.0)
        for size, stride, pad, unusual in _POOLS:
            if size <= ready.side:
                pool = {"op": POOL, "size": size, "stride": stride}
                pool |= {"padding": pad} if pad else {}
                side = (ready.side + 2 * pad - size) // stride + 1
                yield more + unusual, ready.add(pool, side=side)
        if after.op == "linear" and after.shape[1] == ready.c and ready.side > 1:
            yield more + 0.5, ready.add({"op": "globalavgpool2d"}, side=1)


def _gap(before: str, after: str) -> int | None:
    """How many modules without tensors stand between two of one Sequential; None for others."""
    parent, number = _numbered(before)
    next_parent, next_number = _numbered(after)
    if number is None or next_number is None or parent != next_parent:
        return None
    return next_number - number - 1


def _wants_pool(before: str, after: str, names: Sequence[str]) -> bool | None:
    """Say whether a Sequential goes on so long that a pool is in it; None where that is unknown."""
    parent, number = _numbered(before)
    if number is None or not names:
        return None
    followers = [_numbered(name) for name in names]
    count = sum(p == parent and n is not None and n > number for p, n in followers)
    return None if _numbered(after)[0] == parent else count > 1


def _numbered(prefix: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(.*\.)?([0-9]{1,4})", prefix)
    return (match[1] or "", int(match[2])) if match else (prefix, None)
