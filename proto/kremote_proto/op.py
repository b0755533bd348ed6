"""`@op`: a typed signature with its docstring becomes the client's function and an entry of the catalogue."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints, overload

import numpy as np

from . import handles
from .arguments import Kind, Resolver, Sender, SpecOf
from .errors import InvalidType, KremoteError, UnknownOp, shown
from .kinds import PLAIN_KINDS
from .specs import Shape, Spec

P = ParamSpec("P")
R = TypeVar("R")

#: What an op's rule may answer: one spec, a list for several results, None where only the engine can tell.
SpecRule = Callable[..., "Spec | list[Spec] | None"]

LengthsRule = Callable[..., "Shape | None"]

#: Settings an op reads besides its arguments: they travel as further arguments, with these values where left out.
SETTING_DEFAULTS: dict[str, Any] = {"epsilon": 1e-07, "floatx": "float32", "image_data_format": "channels_last"}
_SETTING_TYPES: dict[str, type] = {"epsilon": float, "floatx": str, "image_data_format": str}

REQUIRED: Any = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """One argument of an op."""

    name: str
    kind: Kind
    default: Any
    optional: bool
    #: The client's setting this argument carries, for one that is not in the op's signature.
    setting: str | None = None


@dataclass(eq=False)
class Op:
    """One K function that the server can run."""

    name: str
    family: str
    doc: str
    parameters: dict[str, Parameter]
    #: "tensor", "variable", "function", "array" (fetched at once), "nothing", or "tensors"/"arrays" for several.
    returns: str
    signature: inspect.Signature
    #: False for ops that make or change state even when graph mode is on (`variable`, `set_value`).
    traceable: bool = True
    #: The arguments (or lists) whose tensors are of one dtype: a host array beside a handle takes the handle's.
    one_dtype: tuple[str, ...] = ()
    #: The argument an activation's result keeps as its logits, so that a cross entropy can compute from them.
    logits: str | None = None
    rule: SpecRule | None = None
    #: What is known of the result's integers, from the arguments' specs, where shapes are made of them.
    lengths_rule: LengthsRule | None = None

    @functools.cached_property
    def uses_logits(self) -> bool:
        """Whether logits that its `output` keeps are taken instead: so in every op that is told `from_logits`."""
        return "from_logits" in self.parameters

    @functools.cached_property
    def settings_read(self) -> tuple[str, ...]:
        """The client's settings that a call may take in."""
        named = (parameter.setting or parameter.kind.setting for parameter in self.parameters.values())
        return tuple(name for name in named if name)

    def bind(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name, as they were written; `InvalidType` where they do not fit the signature."""
        if len(args) != len(self.signature.parameters) or named:
            try:
                self.signature.bind(*args, **named)
            except TypeError as error:
                hint = f"its signature is {self.name}{self.signature}"
                raise InvalidType(str(error), op=self.name, hint=hint) from None
        return {**dict(zip(self.signature.parameters, args, strict=False)), **named}

    def pack(self, arguments: Mapping[str, Any], settings: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
        """The wire arguments of a call; raises `InvalidType` or `InvalidValue` at the first wrong one."""
        wire = {}
        try:
            for name, parameter in self.parameters.items():
                if parameter.setting:
                    wire[name] = settings[parameter.setting]
                    continue
                value = arguments.get(name, parameter.default)
                if value is None and parameter.kind.setting:
                    value = settings[parameter.kind.setting]
                elif name not in arguments:
                    continue
                if value is None and parameter.optional:
                    if parameter.default is not None:
                        wire[name] = None
                    continue
                wire[name] = parameter.kind.pack(value, f"$.{name}", sender)
        except KremoteError as error:
            raise error.at(op=self.name) from None
        return wire

    def unpack(self, wire: Any, resolver: Resolver) -> dict[str, Any]:
        """The engine's arguments of a call, every parameter present."""
        try:
            if not isinstance(wire, Mapping):
                raise InvalidType(f"expected a map of arguments by name; got {type(wire).__name__} at $")
            for name in wire:
                if name not in self.parameters:
                    raise InvalidType(f"expected arguments among {', '.join(self.parameters)}; got {shown(name)} at $")
            return {
                name: self._unpack_one(parameter, wire.get(name, parameter.default), resolver)
                for name, parameter in self.parameters.items()
            }
        except KremoteError as error:
            raise error.at(op=self.name) from None

    def infer(
        self, arguments: Mapping[str, Any], spec_of: SpecOf, settings: Mapping[str, Any] = MappingProxyType({})
    ) -> Spec | list[Spec] | None:
        """What the op's rule says of arguments (handles, arrays, or an engine's values); None where it cannot tell.

        Raises what the op refuses, as `InvalidValue` or `InvalidType` with the op's name.
        """
        if self.rule is None:
            return None
        settings = {**SETTING_DEFAULTS, **settings}
        given = {}
        try:
            for name, parameter in self.parameters.items():
                value = arguments.get(name, parameter.default)
                if parameter.setting:
                    value = arguments.get(name, settings[parameter.setting])
                elif value is None and parameter.kind.setting:
                    value = settings[parameter.kind.setting]
                given[name] = None if value is None else parameter.kind.specs(value, f"$.{name}", spec_of)
            said = self.rule(**given)
            if not isinstance(said, Spec):
                return said
            return replace(said, lengths=self.lengths_rule(**given) if self.lengths_rule else None)
        except KremoteError as error:
            raise error.at(op=self.name) from None

    def _unpack_one(self, parameter: Parameter, wire: Any, resolver: Resolver) -> Any:
        if wire is REQUIRED:
            raise InvalidType(f"expected the argument {parameter.name!r} ({parameter.kind.expected}); got none at $")
        if wire is None and parameter.kind.setting:
            return SETTING_DEFAULTS[parameter.kind.setting]
        if wire is None and parameter.optional:
            return None
        return parameter.kind.unpack(wire, f"$.{parameter.name}", resolver)


#: Every op by name.
CATALOGUE: dict[str, Op] = {}

#: What a call does, given the op with the arguments by place and by name, as they were written.
Caller = Callable[[Op, tuple[Any, ...], dict[str, Any]], Any]


def _no_caller(op: Op, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    raise RuntimeError(f"{op.name} has nobody to call: import kremote, which connects the catalogue to a server")


_caller: Caller = _no_caller


def set_caller(caller: Caller) -> None:
    """Say what a call of an op's function does; the client does, once."""
    global _caller
    _caller = caller


def find_op(name: str) -> Op:
    """The op of a name; raises `UnknownOp` with near misses.

    >>> find_op("dot").returns
    'tensor'
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    import difflib

    near = difflib.get_close_matches(str(name)[:80], CATALOGUE, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "GET /v1/ops lists the catalogue"
    raise UnknownOp(f"expected an op of the catalogue; got {shown(name)}", hint=hint)


@overload
def op(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def op(
    *,
    settings: tuple[str, ...] = (),
    namespace: str | None = None,
    traceable: bool = True,
    one_dtype: tuple[str, ...] = (),
    logits: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def op(
    function: Callable[..., Any] | None = None,
    /,
    *,
    settings: tuple[str, ...] = (),
    namespace: str | None = None,
    traceable: bool = True,
    one_dtype: tuple[str, ...] = (),
    logits: str | None = None,
) -> Any:
    """Declare an op: the function's signature, annotations and docstring are its whole description.

    `settings` names client settings the op reads besides its arguments; `namespace` sets it apart from K's bare names;
    `traceable=False` marks an op that acts at once even in graph mode; `one_dtype` names the arguments whose tensors
    are of one dtype, so that a host array among them takes the dtype of the handle it stands beside; `logits` names the
    argument that the client's result keeps for the cross entropies.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        return _declared(_described(function, settings, namespace, traceable, one_dtype, logits), function)

    return declare if function is None else declare(function)


def _declared(declared: Op, function: Callable[..., Any]) -> Callable[..., Any]:
    """The client's function of an op, which is now in the catalogue."""
    CATALOGUE[declared.name] = declared

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _caller(declared, args, kwargs)

    call.__op__ = declared  # type: ignore[attr-defined]
    return call


def rule(function: Callable[..., Any]) -> Callable[[SpecRule], SpecRule]:
    """Give an op its rule: the result's spec from the arguments' specs, with the checks K makes.

    The rule takes every argument by name, tensors as `Spec` (None where unknown), and raises `InvalidValue` or
    `InvalidType` for what the op refuses. It runs on the client at the call and on the server before the engine.
    """

    def register(spec_rule: SpecRule) -> SpecRule:
        declared: Op = function.__op__  # type: ignore[attr-defined]
        declared.rule = spec_rule
        return spec_rule

    return register


def lengths_rule(function: Callable[..., Any]) -> Callable[[LengthsRule], LengthsRule]:
    """Say which integers an op gives, as far as they are known: those of a shape, and what is computed of them.

    The rule takes what the op's other one takes, after it, and answers a tuple, None for each integer that is not
    known; None where nothing is. So `K.zeros((K.shape(x)[0], 3))` is known to be three long without asking anybody.
    """

    def register(rule_of_lengths: LengthsRule) -> LengthsRule:
        declared: Op = function.__op__  # type: ignore[attr-defined]
        declared.lengths_rule = rule_of_lengths
        return rule_of_lengths

    return register


def _described(
    function: Callable[..., Any],
    settings: tuple[str, ...],
    namespace: str | None,
    traceable: bool,
    one_dtype: tuple[str, ...],
    logits: str | None,
) -> Op:
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    parameters = {}
    for name, parameter in signature.parameters.items():
        kind, optional = _kind_of(hints[name])
        parameters[name] = Parameter(name, kind, parameter.default, optional)
    for setting in settings:
        kind = PLAIN_KINDS[_SETTING_TYPES[setting]]
        parameters[setting] = Parameter(setting, kind, SETTING_DEFAULTS[setting], False, setting)
    name = f"{namespace}.{function.__name__}" if namespace else function.__name__
    return Op(
        name=name,
        family=function.__module__.rpartition(".")[2],
        doc=inspect.getdoc(function) or "",
        parameters=parameters,
        returns=_returns_of(hints.get("return")),
        signature=signature,
        traceable=traceable,
        one_dtype=one_dtype,
        logits=logits,
    )


def _kind_of(annotation: Any) -> tuple[Kind, bool]:
    """The kind an annotation names, and whether None is accepted."""
    if get_origin(annotation) is Annotated:
        kind = annotation.__metadata__[0]
        assert isinstance(kind, Kind)
        return kind, False
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        assert len(members) == 1, f"an op's argument is of one kind; got {annotation}"
        return _kind_of(members[0])[0], True
    return PLAIN_KINDS[annotation], False


def _returns_of(annotation: Any) -> str:
    if annotation is None or annotation is type(None):
        return "nothing"
    if get_origin(annotation) is list:
        return _returns_of(get_args(annotation)[0]) + "s"
    if annotation is handles.Tensor:
        return "tensor"
    if annotation is handles.Variable:
        return "variable"
    if annotation is handles.Function:
        return "function"
    assert get_origin(annotation) is np.ndarray, f"an op returns handles or arrays; got {annotation}"
    return "array"
