"""One session: values under ids, variables under names, and the execution of programs."""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from kremote_proto.arguments import Resolver
from kremote_proto.compound_arguments import IntegerLikeKind, PaddingsKind, ShapeKind
from kremote_proto.dtypes import INTEGERS, dtype_name
from kremote_proto.errors import (
    IdTaken,
    InvalidType,
    InvalidValue,
    KremoteError,
    MalformedRequest,
    OutOfMemory,
    UnknownId,
    UnknownVariable,
)
from kremote_proto.messages import Instruction, Program, Reference, Result, reference_from_wire
from kremote_proto.op import Op, find_op
from kremote_proto.specs import Spec
from kremote_proto.tensors import MOST_AXES, SparseArray

from ..engines.engine import Engine
from ..engines.recording.graph import UPDATES
from ..engines.structures import leaves
from ..link_messages import Request
from .accounts import Accounts
from .compiled import CompiledPrograms, Counts
from .contents import ContentCounts, Contents
from .failure import Failure, inherited, without_frames
from .keeper import Keeper
from .limits import Limits
from .mishaps import Mishaps
from .replies import Replies
from .room import Room, large
from .run import NOTHING, Run
from .sizes import size_of
from .templates import Templates

#: Ids below this are the server's to pick; clients choose above.
FIRST_CLIENT_ID = 1 << 24
#: Families of ops that may draw random numbers, some of them by functions that they call.
_DRAWING = ("random", "nn", "graph", "control", "rnn")
#: How many checks of sizes a session remembers.
_MOST_CHECKED = 1 << 10


class Session:
    """A session's state and its one lock: requests of one session run one after another."""

    def __init__(
        self,
        identifier: str,
        engine: Engine,
        limits: Limits,
        counts: Counts | None = None,
        content_counts: ContentCounts | None = None,
        accounts: Accounts | None = None,
        owner: str = "",
    ) -> None:
        self.id = identifier
        self.owner = owner
        self.engine = engine
        self.limits = limits
        self.values: dict[int, Any] = {}
        self.variables: dict[str, Any] = {}
        self.replies = Replies()
        self.compiled = CompiledPrograms(self, counts or Counts())
        self.templates = Templates(limits.program_instructions, self.compiled.forget)
        self.contents = Contents(limits.content_bytes, content_counts or ContentCounts())
        self.lock = threading.Lock()
        self._accounts = accounts or Accounts(limits)
        self.account = self._accounts.session(owner)
        #: Whether its bytes are bounded; not while it is made again, which must not fail for what others hold.
        self.bounded = True
        #: Makes room for so many bytes, or as many as it can; whether it made some. None where nobody can.
        self.make_room: Callable[[int | None], bool] | None = None
        #: When its last request ended.
        self.used = time.monotonic()
        #: When the request at hand began (`time.perf_counter`), None where there is none.
        self.since: float | None = None
        #: What the engine keeps for the session; entered while its instructions run.
        self.state = engine.session()
        #: What keeps it on disk, None where it lives in memory alone.
        self.keeper: Keeper | None = None
        self.mishaps = Mishaps()
        #: Whether it is not the worker's any more: left, or behind what was written down of it.
        self.over = False
        #: The id of its own that the server picked last.
        self.picked = 0
        #: Specs and arguments whose results were small enough before, and the bytes of these, where they are known.
        self._checked: dict[Hashable, int | None] = {}

    def run(self, program: Program) -> dict[str, Any]:
        """Run a program: the reply's map; raises `UnknownTemplate` before anything is done."""
        template = self.templates.of(program)
        instructions = program.instructions if template is None else template.instructions
        program.check_positions(len(instructions))
        run = Run(self, program, instructions, relative=template is not None)
        if (
            template is not None
            and not self.mishaps.expected
            and (compiled := self.compiled.reply(program, template, run)) is not None
        ):
            return compiled
        with self.state:
            reply = run.reply()
            if template is not None:
                self.compiled.learn(program, template, run)
            printed = self.engine.printed(self.state)
        return {**reply, "printed": printed} if printed else reply

    def prepare(self, request: Request) -> None:
        """Say that a request is about to change the session; raises `StorageFailed` where it cannot be written down."""
        if self.keeper is not None:
            self.keeper.prepare(request)
        request.changes = True

    def changed_by(self, program: Program) -> bool:
        """Whether a program may change something: one that only fetches may, where that computes a symbol."""
        named = [one for one in (*program.fetch, *program.inputs) if isinstance(one, Reference)]
        fetched = (self.values.get(reference.id or 0) for reference in named)
        symbols = (self.engine.is_symbol(leaf) for value in fetched for leaf in leaves(value))
        digest = program.template or program.digest
        return bool(program.instructions or digest or program.free or any(symbols))

    def execute(
        self, instruction: Instruction, wanted: int | None, resolver: Resolver, told: bool = True
    ) -> tuple[Result, Any]:
        """Run one instruction: its result, and the value; an error becomes both, and stays under the id.

        Where nobody is told what the result is, it has no spec.
        """
        try:
            identifier = self.claim(wanted)
        except KremoteError as error:
            refusal = without_frames(error.at(op=instruction.op, instruction=wanted))
            return Result(wanted or 0, error=refusal), Failure(refusal)
        try:
            self.mishaps.step()
            self.state.interruption.check()
            return self._succeed(instruction, identifier, resolver, told)
        except Exception as error:
            failed = self.engine.translate(error)
            self.mishaps.note(failed)
            failed = failed.at(op=instruction.op, instruction=identifier)
            failure = self.values[identifier] = Failure(without_frames(failed))
            return Result(identifier, error=failed), failure

    def claim(self, identifier: int | None) -> int:
        """An id for a new value, picked where none is given; raises `IdTaken` or `LimitExceeded`."""
        if identifier in self.values:
            raise IdTaken(f"expected an id that names nothing yet; got {identifier}")
        self.limits.check_count(len(self.values) + len(self.variables) + 1)
        return self._picked_id() if identifier is None else identifier

    def _succeed(self, instruction: Instruction, identifier: int, resolver: Resolver, told: bool) -> tuple[Result, Any]:
        op = find_op(instruction.op)
        arguments = op.unpack(instruction.args, resolver)
        size = self._checked_size(op, arguments)
        if size and not self.account.fits(size) and not self._takes_nothing(instruction, op, arguments):
            self.reserve(size, "the result")
        call = self.engine.find(op)
        if instruction.symbolic and op.traceable:
            call = self.engine.symbolic(call)
        value = call(**arguments) if self.make_room is None else self._computed(op, call, arguments)
        if op.returns == "nothing":
            return Result(identifier, kind=None), NOTHING
        one = not isinstance(value, list | tuple) and not self.engine.is_symbol(value)
        self.hold(value, size if one else None)
        result = self.describe(identifier, value) if told else Result(identifier)
        if op.returns == "variable" and self.engine.is_variable(value) and arguments.get("name"):
            result.name = self._name(value, arguments["name"])
        self.values[identifier] = value
        return result, value

    def _computed(self, op: Op, call: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """The result of an op; where there is no memory for it, once more when others made room."""
        seeds = self.state.seeds
        drawn = seeds.drawn if op.family in _DRAWING else None
        try:
            return call(**arguments)
        except Exception as error:
            if not isinstance(self.engine.translate(error), OutOfMemory):
                raise
            assert self.make_room is not None
            if not self.make_room(None):
                raise
        if drawn is not None:
            seeds.count_from(drawn)  # done again from the journal, it is done once
        return call(**arguments)

    def reserve(self, size: int, what: str) -> None:
        """Refuse so many bytes more than are held; `what` says of what. Raises `QuotaExceeded` or `OutOfMemory`."""
        if not self.bounded:
            return
        try:
            self.account.check(size, what)
        except OutOfMemory:
            if self.make_room is None or not self.make_room(size):
                raise
            self.account.check(size, what)

    def hold(self, value: Any, size: int | None = None, *, refuse: bool = True) -> None:
        """Count a value, or several, for as long as somebody has them; raises as `reserve` where that is too much.

        `size` is the bytes of one that were reserved before. With `refuse=False` it counts what is there already.
        """
        for item in value if isinstance(value, list | tuple) else (value,):
            if item is None or self._accounts.counts(item):
                continue
            taken = size
            if taken is None:
                taken = size_of(self.engine, item)
                if refuse:
                    self.reserve(taken, "the result")
            self._accounts.hold(self.account, item, taken)

    def hold_all(self) -> None:
        """Count all that a restored session holds."""
        for value in [*self.values.values(), *self.variables.values(), *(kept for _, kept, _ in self.contents.kept())]:
            self.hold(value)

    def reserve_spec(self, spec: Spec, what: str) -> None:
        """Refuse a value of a spec, as far as it tells, before memory is taken."""
        self.limits.check_spec(spec)
        self.reserve(spec.bytes or 0, what)

    def _takes_nothing(self, instruction: Instruction, op: Op, arguments: Mapping[str, Any]) -> bool:
        """Whether a result is no new value: a symbol, or the variable that was updated."""
        symbolic = instruction.symbolic or any(self.engine.is_symbol(leaf) for leaf in leaves(dict(arguments)))
        return symbolic or op.name in UPDATES or op.family == "graph"

    def _checked_size(self, op: Op, arguments: Mapping[str, Any]) -> int | None:
        """The bytes of a result, None where its static shape does not tell; raises where they are too many."""
        case = self._case(op, arguments)
        if case is not None and case in self._checked:
            return self._checked[case]
        inferred = op.infer({**arguments, **self._known_shapes(op, arguments)}, self.engine.spec)
        if inferred is None:
            case, inferred = None, self.engine.infer(op, arguments)
        size: int | None = 0
        for spec in inferred if isinstance(inferred, list) else [inferred]:
            if spec is not None:
                self.limits.check_spec(spec)
            of_one = None if spec is None or spec.sparse or spec.dtype == "string" else spec.bytes
            size = None if size is None or of_one is None else size + of_one
        if case is not None:
            if len(self._checked) >= _MOST_CHECKED:
                self._checked.clear()
            self._checked[case] = size
        return size

    def _case(self, op: Op, arguments: Mapping[str, Any]) -> Hashable | None:
        """What the check depends on, where that is specs and plain values alone."""
        if any(arguments.get(name) is not None for name in _lengths_of(op)):
            return None
        case: list[Hashable] = [op.name]
        for value in arguments.values():
            signature = self.engine.signature(value)
            if signature is None and not isinstance(value, int | float | str | None):
                return None
            # 1, 1.0 and True are equal, and not of one dtype.
            case.append((type(value), value) if signature is None else signature)
        return tuple(case)

    def _known_shapes(self, op: Op, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The shapes among the arguments, with the lengths that concrete tensors say."""
        given = [name for name in _lengths_of(op) if arguments.get(name) is not None]
        return {name: self._known_lengths(arguments[name]) for name in given}

    def _known_lengths(self, shape: Any) -> Any:
        if isinstance(shape, list | tuple):
            return tuple(self._known_lengths(length) for length in shape)
        if shape is None or isinstance(shape, int) or self.engine.is_symbol(shape):
            return shape
        spec = self.engine.spec(shape)
        if spec.sparse or spec.dtype not in INTEGERS or len(spec.shape or ()) > 1 or (spec.size or 0) > MOST_AXES:
            raise InvalidType(f"expected an integer, or a 1-d tensor of at most {MOST_AXES}, as shape; got {spec}")
        lengths = np.asarray(self.engine.fetch(shape)).tolist()
        return tuple(lengths) if isinstance(lengths, list) else lengths

    def describe(self, identifier: int, value: Any) -> Result:
        """The result that tells a client what stands under an id."""
        if isinstance(value, list | tuple):
            items = [None if item is None else self.engine.spec(item) for item in value]
            symbolic = any(self.engine.is_symbol(item) for item in value)
            return Result(identifier, items=items, symbolic=symbolic)
        if callable(value) and not hasattr(value, "shape"):
            return Result(identifier, kind="function")
        kind = "variable" if self.engine.is_variable(value) else "tensor"
        return Result(identifier, self.engine.spec(value), kind=kind, symbolic=self.engine.is_symbol(value))

    def _name(self, variable: Any, wanted: str) -> str:
        name = wanted
        for count in itertools.count(1):
            if name not in self.variables:
                break
            name = f"{wanted}_{count}"
        self.variables[name] = variable
        return name

    def _picked_id(self) -> int:
        """An id of the server's own block."""
        while True:
            self.picked = self.picked % (FIRST_CLIENT_ID - 1) + 1
            if self.picked not in self.values:
                return self.picked

    def free(self, identifiers: list[int]) -> None:
        """Forget values; ids that name nothing are passed over, so that a free can be sent twice."""
        for identifier in identifiers:
            self.values.pop(identifier, None)

    def find(self, reference: Reference, path: str = "$") -> Any:
        """The value of a reference; raises the error of a failed instruction again."""
        if reference.variable is not None:
            if reference.variable not in self.variables:
                raise UnknownVariable(f"expected the name of a variable; got {reference.variable!r} at {path}")
            return self.variables[reference.variable]
        if reference.id is None:
            raise MalformedRequest(f"expected a reference of a program, which alone has results and inputs; at {path}")
        return self.usable(self.values.get(reference.id), reference.id, reference.item, path)

    def usable(self, value: Any, identifier: int, item: int | None, path: str) -> Any:
        """What stands under an id, or an item of it; raises where it is nothing or a failure."""
        if value is None:
            raise UnknownId(
                f"expected the id of a live value; got {identifier} at {path}",
                hint="it was never made in this session, or it was freed",
            )
        if isinstance(value, Failure):
            raise inherited(value.error, identifier)
        return value if item is None else self.item(value, identifier, item, path)

    def item(self, value: Any, number: int, item: int, path: str) -> Any:
        """One of several results; `number` names them in messages."""
        count = len(value) if isinstance(value, list | tuple) else 1
        if not isinstance(value, list | tuple) or item >= count:
            raise InvalidValue(f"expected an item below {count} of value {number}; got {item} at {path}.item")
        if value[item] is None:
            raise InvalidValue(f"item {item} of value {number} is nothing (a gradient that does not exist)")
        return value[item]

    def has(self, identifier: int, value: Any) -> bool:
        """Whether this very value stands under an id."""
        return self.values.get(identifier) is value

    def reference(self, wire: Mapping[str, Any], path: str) -> Any:
        """The value of a wire reference, for the kinds."""
        return self.find(reference_from_wire(wire, path), path)

    def tensor(self, value: Any, path: str) -> Any:
        """The engine's tensor of a host array, for the kinds."""
        dense = value.values if isinstance(value, SparseArray) else value
        self.limits.check_spec(Spec(None, ()) if dense.dtype == object else Spec(dtype_name(dense.dtype), dense.shape))
        return self.engine.tensor(value)

    def fetched(self, reference: Reference, room: Room, find: Callable[[Reference], Any]) -> Any:
        """The entry of a reply for a value to fetch."""
        try:
            value = find(reference)
            if isinstance(value, list | tuple):
                return [None if item is None else self._value(item, room) for item in value]
            return self._value(value, room)
        except Exception as error:
            return {"error": self.engine.translate(error).to_wire()}

    def _value(self, value: Any, room: Room) -> Any:
        if callable(value) and not hasattr(value, "shape"):
            raise InvalidType("expected a tensor to fetch; got a function")
        spec = self.engine.spec(value)
        return room.place(self.engine.fetch(value)) if room.for_spec(spec) else large(spec)


@functools.cache
def _lengths_of(op: Op) -> list[str]:
    """The arguments that are lengths, which a tensor may say."""
    kinds = (IntegerLikeKind, PaddingsKind, ShapeKind)
    return [name for name, parameter in op.parameters.items() if isinstance(parameter.kind, kinds)]
