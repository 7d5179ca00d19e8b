"""The pickle of a PyTorch state dict, read as data.

A pickle is a program, and Python's own reader calls whatever it names. The reader here knows the
instructions that a state dict needs and a handful of names; any other name ends the reading.
Tensors come back as descriptions of where their numbers are.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_nb.network.cursor import FLOATS, Cursor

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


@dataclass(frozen=True)
class _Name:
    """A name of the pickle, module.attribute: only ever compared, never looked up."""

    text: str


@dataclass(frozen=True, eq=False)
class Tensor:
    """Where the numbers of a tensor are, and how they are laid out."""

    storage: str  # the member with the numbers
    dtype: "np.dtype[np.generic]"
    offset: int  # in numbers, as the strides
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_pickle(content: bytes) -> Any:
    """Run the few instructions of a state dict's pickle; tensors come back as descriptions.

    Raises:
        WeightsError: an instruction or a name that a state dict does not need, or truncated.
    """
    at = Cursor(content, "data.pkl")
    try:
        return _run(at)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        # The stack or the memo does not hold what the instruction takes.
        at.fail("a state dict", f"a broken pickle ({type(error).__name__})")


def _run(at: Cursor) -> Any:
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
                stack.append(_same(stack.pop(), tuple))
            case b"R":  # REDUCE
                arguments, name = _same(stack.pop(), tuple), _same(stack.pop(), _Name).text
                stack.append(_rebuilt(at, start, name, arguments))
            case b"b":  # BUILD: only ever OrderedDict's _metadata, versions of the modules
                stack.pop()
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
    if name not in (_DICT, _TENSOR, _PARAMETER) and name not in _STORAGES:
        at.fail(
            "tensors and OrderedDict only",
            f"{name!r}, which is refused: a pickle can run any program. Save "
            "model.state_dict() alone, with float tensors",
            start,
        )
    return _Name(name)


def _rebuilt(at: Cursor, start: int, name: str, arguments: tuple[Any, ...]) -> Any:
    match name, arguments:
        case "collections.OrderedDict", ():
            return {}
        case "torch._utils._rebuild_parameter", (Tensor() as tensor, *_):
            return tensor
        case "torch._utils._rebuild_tensor_v2", (
            ("storage", _Name(kind), str(key), _, _),
            int(offset),
            tuple(shape),
            tuple(strides),
            *_,
        ) if kind in _STORAGES and len(shape) == len(strides) <= 8:
            if all(type(n) is int and 0 <= n < 1 << 40 for n in (offset, *shape, *strides)):
                return Tensor(key, _STORAGES[kind], offset, shape, strides)
    at.fail(f"the arguments of {name}", "others", start)
