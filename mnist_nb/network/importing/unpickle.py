"""The pickle of a PyTorch state dict, read as data.

A pickle is a program, and Python's own reader calls whatever it names. The reader here knows the
instructions that a state dict needs and a handful of names; any other name ends the reading.
Tensors come back as descriptions of where their numbers are, and what checkpoints keep beside them,
such as a device or the arguments of a run, as nothing at all.
"""

import re
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_nb.network.importing.cursor import FLOATS, Cursor

_STORAGES = {
    "torch.DoubleStorage": FLOATS["F64"],
    "torch.FloatStorage": FLOATS["F32"],
    "torch.HalfStorage": FLOATS["F16"],
    "torch.BFloat16Storage": FLOATS["BF16"],
    "torch.LongStorage": np.dtype("<i8"),  # batch norm's num_batches_tracked
}
_DICT = "collections.OrderedDict"
_TENSOR = "torch._utils._rebuild_tensor_v2"
_PARAMETER = "torch._utils._rebuild_parameter"
_NUMPY = re.compile(r"numpy\.(_?core\.multiarray\.(scalar|_reconstruct)|ndarray|dtype)")
_BYTES = "_codecs.encode"  # how protocol 2 writes bytes
_BESIDE = {  # what may stand beside a state dict; it is left out
    *("argparse.Namespace", "types.SimpleNamespace", "torch.device", "torch.Size"),
    *("torch.torch_version.TorchVersion", "collections.defaultdict", "builtins.set"),
    *("pathlib.PosixPath", "pathlib.WindowsPath", "datetime.datetime"),
}
MODULES = "_metadata"  # an entry of a state dict: the names of all modules, in their order
_WHOLE = (
    "a whole module or another object, pickled with its class. Where the class is at hand: "
    "model = torch.load(file, weights_only=False), then torch.save(model.state_dict(), 'state.pt')"
)


@dataclass(frozen=True)
class _Name:
    """A name of the pickle, module.attribute: only ever compared, never looked up."""

    text: str


@dataclass(frozen=True, eq=False)
class Tensor:
    """Where the numbers of a tensor are, and how they are laid out."""

    storage: str | bytes  # the member with the numbers, or themselves
    dtype: "np.dtype[np.generic]"
    offset: int  # in numbers, as the strides
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(eq=False)
class _Array:
    """A numpy array or dtype on its way: a BUILD tells what is in it."""

    dtype: "np.dtype[np.generic] | None" = None


class _Nothing:
    """What stands in for a value that is left out."""


def read_pickle(content: bytes) -> Any:
    """Run the few instructions of a state dict's pickle; tensors come back as descriptions.

    Raises:
        WeightsError: an instruction or a name that a state dict does not need, or truncated.
    """
    return read_next(Cursor(content, "data.pkl"))


def read_next(at: Cursor, storages: "dict[str, np.dtype[np.generic]] | None" = None) -> Any:
    """Run a pickle up to its end, where another one may begin; see `read_pickle`.

    Args:
        at: where it begins.
        storages: gets the name and the dtype of each storage that it names.
    """
    try:
        return _run(at, {} if storages is None else storages)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        # The stack or the memo does not hold what the instruction takes.
        at.fail("a state dict", f"a broken pickle ({type(error).__name__})")


def _run(at: Cursor, storages: "dict[str, np.dtype[np.generic]]") -> Any:
    stack: list[Any] = []
    marked: list[list[Any]] = []  # the stacks below the open marks
    memo: dict[int, Any] = {}

    def since_mark() -> list[Any]:
        nonlocal stack
        items, stack = stack, marked.pop()
        return items

    while True:
        start = at.position
        match at.take(1, "an instruction"):
            case b"\x80":  # PROTO
                at.take(1, "the protocol")
            case b"\x95":  # FRAME
                at.take(8, "a frame's length")
            case b".":  # STOP
                return stack.pop()
            case b"(":  # MARK
                marked.append(stack)
                stack = []
            case b"N" | b"\x88" | b"\x89" as op:  # NONE, NEWTRUE, NEWFALSE
                stack.append({b"N": None, b"\x88": True, b"\x89": False}[op])
            case b"J":  # BININT
                stack.append(int.from_bytes(at.take(4, "a number"), "little", signed=True))
            case b"K" | b"M" as op:  # BININT1, BININT2
                stack.append(at.uint(1 if op == b"K" else 2, "a number"))
            case b"\x8a":  # LONG1, at most 255 bytes
                data = at.take(at.uint(1, "a number's length"), "a number")
                stack.append(int.from_bytes(data, "little", signed=True))
            case b"G":  # BINFLOAT
                stack.append(struct.unpack(">d", at.take(8, "a number"))[0])
            case b"X" | b"\x8c" as op:  # BINUNICODE, SHORT_BINUNICODE
                stack.append(at.text(at.uint(4 if op == b"X" else 1, "a text's length"), "a text"))
            case b"q" | b"r" as op:  # BINPUT, LONG_BINPUT
                memo[at.uint(1 if op == b"q" else 4, "a place")] = stack[-1]
            case b"\x94":  # MEMOIZE
                memo[len(memo)] = stack[-1]
            case b"h" | b"j" as op:  # BINGET, LONG_BINGET
                stack.append(memo[at.uint(1 if op == b"h" else 4, "a place")])
            case b"]":  # EMPTY_LIST
                stack.append([])
            case b"a":  # APPEND
                item = stack.pop()
                _same(stack[-1], list).append(item)
            case b"e":  # APPENDS
                items = since_mark()
                _same(stack[-1], list).extend(items)
            case b")":  # EMPTY_TUPLE
                stack.append(())
            case b"\x85" | b"\x86" | b"\x87" as op:  # TUPLE1, TUPLE2, TUPLE3
                items = [stack.pop() for _ in range(op[0] - 0x84)]
                stack.append(tuple(reversed(items)))
            case b"t":  # TUPLE
                items = since_mark()
                stack.append(tuple(items))
            case b"}":  # EMPTY_DICT
                stack.append({})
            case b"s":  # SETITEM
                value, key = stack.pop(), stack.pop()
                _same(stack[-1], dict)[_key(key)] = value
            case b"u":  # SETITEMS
                items = since_mark()
                pairs = zip(items[::2], items[1::2], strict=True)
                _same(stack[-1], dict).update((_key(key), value) for key, value in pairs)
            case b"c":  # GLOBAL
                stack.append(_known(at, start, f"{_line(at)}.{_line(at)}"))
            case b"\x93":  # STACK_GLOBAL
                # Texts only: tuples that hold each other many times over print for ever.
                attribute, module = _same(stack.pop(), str), _same(stack.pop(), str)
                stack.append(_known(at, start, f"{module:.80}.{attribute:.80}"))
            case b"Q":  # BINPERSID
                place = _same(stack[-1], tuple)
                if len(place) > 2 and type(place[1]) is _Name and type(place[2]) is str:
                    storages[place[2]] = _STORAGES[place[1].text]
            case b"R" | b"\x81":  # REDUCE, NEWOBJ
                arguments, name = _same(stack.pop(), tuple), _same(stack.pop(), _Name).text
                stack.append(_rebuilt(at, start, name, arguments))
            case b"b":  # BUILD
                state = stack.pop()
                stack.append(_built(at, start, stack.pop(), state))
            case op:
                at.fail("an instruction of a state dict", f"0x{op.hex()}", start)


def _same(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _key(value: Any) -> str | int:
    # A tuple that holds itself many times over would take for ever to hash.
    return value if type(value) is int else str(_same(value, str))


def _line(at: Cursor) -> str:
    text = b""
    while (byte := at.take(1, "a name")) != b"\n":
        text += byte
        if len(text) > 200:
            at.fail("a name", "more than 200 bytes")
    return text.decode("utf-8", "replace")


def _known(at: Cursor, start: int, name: str) -> _Name:
    known = name in (_DICT, _TENSOR, _PARAMETER, _BYTES) or name in _STORAGES or name in _BESIDE
    if not known and not _NUMPY.fullmatch(name):
        at.fail(
            "tensors and OrderedDict only",
            f"{name!r}, which is refused: a pickle can run any program. It may be {_WHOLE}",
            start,
        )
    return _Name(name)


def _rebuilt(at: Cursor, start: int, name: str, arguments: tuple[Any, ...]) -> Any:
    match name, arguments:
        case "collections.OrderedDict", ():
            return {}
        case "torch._utils._rebuild_parameter", (Tensor() as tensor, *_):
            return tensor
        case "_codecs.encode", (str(letters), "latin1"):
            return letters.encode("latin1")
        case "numpy.dtype", (str(kind), *_):
            return _Array(_DTYPES.get(kind))
        case name, _ if name in _BESIDE or name.startswith("numpy."):
            return _Array() if name.endswith("_reconstruct") else _Nothing()
        case "torch._utils._rebuild_tensor_v2", (
            ("storage", _Name(kind), str(key), _, _, *views),
            int(offset),
            tuple(shape),
            tuple(strides),
            *_,
        ) if kind in _STORAGES and len(shape) == len(strides) <= 8 and views in ([], [None]):
            if all(type(n) is int and 0 <= n < 1 << 40 for n in (offset, *shape, *strides)):
                return Tensor(key, _STORAGES[kind], offset, shape, strides)
    at.fail(f"the arguments of {name}", "others", start)


_DTYPES = {dtype.str[1:]: dtype for dtype in _STORAGES.values() if dtype != FLOATS["BF16"]}


def _built(at: Cursor, start: int, value: Any, state: Any) -> Any:
    """Return a value with the state that BUILD gives it."""
    match value, state:
        case dict(), {"_metadata": dict(modules)}:
            value[MODULES] = [name for name in modules if type(name) is str]
        case _Array(None), (1, tuple(shape), _Array(dtype), bool(by_columns), bytes(numbers)):
            sizes = [n for n in shape if type(n) is int and n >= 0]
            if dtype is None or len(sizes) != len(shape) or len(sizes) > 8:
                at.fail("an array of floats", "another", start)
            steps = np.cumprod([1, *(sizes if by_columns else reversed(sizes))], dtype=object)[:-1]
            strides = steps if by_columns else reversed(steps)
            return Tensor(numbers, dtype, 0, tuple(sizes), tuple(strides))
        case _Array(), (_, "<" | "|" | None, *_) | None:
            pass
        case dict() | _Nothing(), _:
            pass
        case _:
            at.fail("the state of a state dict's value", "another", start)
    return value
