"""What a callable's bytecode tells about the thread that it may run on."""

from __future__ import annotations

import dis
import inspect
from types import CodeType, FunctionType
from typing import Any, Literal

Kind = Literal["pure", "sync", "coroutine"]

# Operations that run no other code than their own, for the builtin operands that literals and arguments are.
# A call, an attribute, a subscript or `in` may reach a property, a lazily loaded relation or a dictionary
# kept on disk; a loop may be long. Names as `dis` gives them on CPython 3.11 to 3.14.
_PURE = frozenset(
    """
    RESUME RETURN_GENERATOR POP_TOP NOP CACHE COPY SWAP PUSH_NULL NOT_TAKEN EXTENDED_ARG
    LOAD_CONST LOAD_SMALL_INT LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_LOAD_FAST LOAD_FAST_BORROW
    LOAD_FAST_BORROW_LOAD_FAST_BORROW STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST
    LOAD_DEREF STORE_DEREF COPY_FREE_VARS LOAD_GLOBAL STORE_GLOBAL
    BUILD_MAP BUILD_CONST_KEY_MAP BUILD_LIST BUILD_TUPLE BUILD_STRING LIST_EXTEND DICT_UPDATE
    FORMAT_VALUE FORMAT_SIMPLE CONVERT_VALUE BINARY_OP COMPARE_OP IS_OP UNARY_NOT UNARY_NEGATIVE
    POP_JUMP_FORWARD_IF_FALSE POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_NONE
    POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_IF_FALSE POP_JUMP_IF_TRUE POP_JUMP_IF_NONE
    POP_JUMP_IF_NOT_NONE TO_BOOL JUMP_FORWARD RETURN_VALUE RETURN_CONST CALL_INTRINSIC_1 RERAISE
    """.split()  # noqa: SIM905  # a list of quoted names would be three times as long
)
_SUBSCRIPT_OPERATORS = frozenset({"[]", "**", "@"})
"""`BINARY_OP` also subscripts since 3.14; powers and matrix products can be long."""


_PURE_OPCODES = frozenset(number for name, number in dis.opmap.items() if name in _PURE)
_BINARY_OP = dis.opmap["BINARY_OP"]


def _is_pure(code: CodeType) -> bool:
    opcodes = frozenset(code.co_code[::2])
    if not opcodes <= _PURE_OPCODES:
        return False
    return _BINARY_OP not in opcodes or all(
        op.opname != "BINARY_OP" or op.argrepr not in _SUBSCRIPT_OPERATORS
        for op in dis.get_instructions(code)
    )


def _call_target(call: Any) -> Any:
    """What runs when `call` is called: itself, a method's function, or the class's `__call__`."""
    if inspect.ismethod(call):
        return call.__func__
    if isinstance(call, FunctionType) or inspect.isclass(call):
        return call
    return getattr(type(call), "__call__", None)  # noqa: B004  # the function is wanted, not the answer


def kind_of(call: Any) -> Kind:
    """Tells how `call` may be run.

    `pure`: it calls nothing and ends at once, coroutine or not. `sync`: it may block its thread. `coroutine`:
    it needs the event loop.
    """
    target = _call_target(call)
    code = getattr(target, "__code__", None)
    if isinstance(target, FunctionType) and code is not None and _is_pure(code):
        return "pure"
    return "coroutine" if inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(target) else "sync"
