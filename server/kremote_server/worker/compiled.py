"""Templates that come again are compiled: a session's compiled programs, how they are found, run and forgotten."""

from __future__ import annotations

import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import KremoteError
from kremote_proto.messages import Program, Reference, Result
from kremote_proto.specs import Spec

from .interpretation import Interpretation
from .room import Room
from .run import NOTHING, Run
from .templates import Template

if TYPE_CHECKING:
    from .session import Session

log = logging.getLogger(__name__)

#: How many kinds of inputs a template is known with, and how often it is compiled: one that comes with other lengths
#: each time is interpreted.
MOST_VARIANTS = 16
MOST_COMPILATIONS = 4
#: How many instructions a session's compiled programs have, which take some 15 KiB each.
MOST_INSTRUCTIONS = 1 << 13
#: After how many runs that failed a compiled program is interpreted.
MOST_FAILURES = 3

Values = list[Any]


@dataclass
class Counts:
    """What became of templates, for the metrics."""

    seen: int = 0
    compiled: int = 0
    hits: int = 0
    fallbacks: int = 0
    evictions: int = 0


@dataclass(eq=False)
class Variant:
    """A template with inputs of some specs, and what is to be kept, fetched and reported of it."""

    #: Results that are a variable itself: its place among the inputs.
    aliases: dict[int, int]
    call: Callable[[Sequence[Any]], Values] | None = None
    #: Of each position that is kept or fetched, how many outputs it has, None for a result of one.
    outputs: list[tuple[int, int | None]] = field(default_factory=list)
    #: The entries of `results`, without their ids.
    reports: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    #: The bytes of its outputs.
    bytes: int = 0
    failures: int = 0
    interpreted: bool = False


class CompiledPrograms:
    """The compiled programs of a session."""

    def __init__(self, session: Session, counts: Counts) -> None:
        # The session has this: a reference back would keep its values for the garbage collector to find, some day.
        self._session: Session = weakref.proxy(session)
        self._kept: OrderedDict[Variant, int] = OrderedDict()
        self._instructions = 0
        self.counts = counts

    def reply(self, program: Program, template: Template, run: Run) -> dict[str, Any] | None:
        """The reply of a template that comes again, compiled; None where it must be interpreted."""
        self.counts.seen += 1
        found = self._inputs(program, template, run)
        if found is None:
            return None
        key, values = found
        variant = template.variants.get(key)
        if variant is None or variant.interpreted or not self._free(program, len(template.instructions)):
            return None
        if variant.call is None and not self._compile(program, template, variant, values):
            return None
        assert variant.call is not None
        if not self._session.account.fits(variant.bytes):
            return None  # interpreted, it is refused where it is too much
        try:
            given = variant.call(values)
        except Exception as error:
            log.debug("a compiled program failed: %s", error)
            variant.failures += 1
            variant.interpreted = variant.failures >= MOST_FAILURES
            self.counts.fallbacks += 1
            return None
        self.counts.hits += 1
        if variant in self._kept:
            self._kept.move_to_end(variant)
        return self._finished(program, variant, values, given)

    def learn(self, program: Program, template: Template, run: Run) -> None:
        """Remember how a template was interpreted, so that it is compiled when it comes again."""
        found = self._inputs(program, template, run)
        if found is None or run.values is None:
            return
        key, values = found
        aliases = self._aliases(run.values, values)
        if key in template.variants or aliases is None:
            return
        template.variants[key] = Variant(aliases)
        while len(template.variants) > MOST_VARIANTS:
            _, oldest = template.variants.popitem(last=False)
            self._evict(oldest)

    def _inputs(self, program: Program, template: Template, run: Run) -> tuple[Hashable, Values] | None:
        """What a compiled program depends on, and its inputs; None where it must be interpreted."""
        if not template.compilable:
            return None
        try:
            self._session.state.interruption.check()
            values = run.inputs
            values += [self._session.find(Reference(variable=name)) for name in template.names]
        except KremoteError:
            return None
        signature = self._session.engine.signature
        variables: dict[int, int] = {}
        fetched = tuple(reference.result for reference in program.fetch if reference.result is not None)
        key: list[Hashable] = [_tuple(program.keep), _tuple(program.report), fetched]
        for place, value in enumerate(values):
            one = signature(value)
            if one is None:
                return None
            key.append(one)
            if self._session.engine.is_variable(value):
                key.append(variables.setdefault(id(value), place))  # the same variable may come twice
        return tuple(key), values

    def _aliases(self, results: Values, inputs: Values) -> dict[int, int] | None:
        """Which results are a variable among the inputs; None where one is another variable, or nothing."""
        is_variable = self._session.engine.is_variable
        places = {id(value): place for value, place in zip(inputs, self._places(inputs), strict=True)}
        aliases = {}
        for position, result in enumerate(results):
            if result is NOTHING:
                return None
            if is_variable(result):
                if id(result) not in places:
                    return None
                aliases[position] = places[id(result)]
        return aliases

    def _places(self, inputs: Values) -> list[int]:
        """The place of each input; of a variable that comes again that of the first."""
        first: dict[int, int] = {}
        is_variable = self._session.engine.is_variable
        return [first.setdefault(id(value), n) if is_variable(value) else n for n, value in enumerate(inputs)]

    def _free(self, program: Program, count: int) -> bool:
        """Whether all ids are free, so many values more may be, and what is fetched is not named by such an id."""
        session, first = self._session, program.first
        assert first is not None
        if any(reference.id is not None and first <= reference.id < first + count for reference in program.fetch):
            return False
        live = len(session.values) + len(session.variables)
        return live + count <= session.limits.ids and session.values.keys().isdisjoint(range(first, first + count))

    def _compile(self, program: Program, template: Template, variant: Variant, values: Values) -> bool:
        if template.compilations >= MOST_COMPILATIONS:
            variant.interpreted = True
            return False
        template.compilations += 1
        session, count = self._session, len(template.instructions)
        kept = range(count) if program.keep is None else program.keep
        fetched = [reference.result for reference in program.fetch if reference.result is not None]
        outputs = [position for position in sorted({*kept, *fetched}) if position not in variant.aliases]
        interpretation = Interpretation(session.engine, session.limits, template.instructions, variant.aliases)
        same = self._places(values)
        names = dict(zip(template.names, same[len(program.inputs) :], strict=True))
        try:
            variant.call = session.engine.compiled_program(
                lambda tensors: interpretation.run(tensors, same, names, outputs), values, session.state
            )
        except Exception as error:
            log.debug("a program cannot be compiled: %s", error)
            variant.interpreted = True
            self.counts.fallbacks += 1
            return False
        self.counts.compiled += 1
        specs = interpretation.specs
        variant.outputs = [(at, len(said) if isinstance(said := specs[at], list) else None) for at in outputs]
        variant.bytes = sum(spec.bytes or 0 for at in outputs for spec in _each(specs[at]))
        reported = range(count) if program.report is None else sorted(set(program.report))
        for at in reported:
            place = variant.aliases.get(at)
            variant.reports.append((at, self._described(specs[at]) if place is None else self._variable(values[place])))
        self._kept[variant] = count
        self._instructions += count
        while self._instructions > MOST_INSTRUCTIONS and len(self._kept) > 1:
            self._evict(next(iter(self._kept)))
            self.counts.evictions += 1
        return True

    @staticmethod
    def _described(spec: Spec | list[Spec] | None) -> dict[str, Any]:
        """A result's entry of a reply, but for its id."""
        result = Result(0, items=[*spec]) if isinstance(spec, list) else Result(0, spec)
        return _without_id(result)

    def _variable(self, variable: Any) -> dict[str, Any]:
        return _without_id(self._session.describe(0, variable))

    def forget(self, template: Template) -> None:
        """Forget what a template was compiled to."""
        for variant in template.variants.values():
            self._evict(variant)

    def _evict(self, variant: Variant) -> None:
        self._instructions -= self._kept.pop(variant, 0)
        variant.call = None
        variant.reports = []

    def _finished(self, program: Program, variant: Variant, values: Values, given: Values) -> dict[str, Any]:
        session, first, results = self._session, program.first, {}
        assert first is not None
        taken = iter(given)
        for position, count in variant.outputs:
            results[position] = next(taken) if count is None else [next(taken) for _ in range(count)]
        for position, place in variant.aliases.items():
            results[position] = values[place]
        kept = results if program.keep is None else {at: results[at] for at in program.keep}
        session.values.update({first + position: value for position, value in kept.items()})
        for value in kept.values():
            session.hold(value, refuse=False)
        room = Room()

        def find(reference: Reference) -> Any:
            if reference.result is not None:
                return session.usable(results[reference.result], first + reference.result, reference.item, "$")
            if reference.input is not None:
                return session.usable(values[reference.input], reference.input, reference.item, "$")
            return session.find(reference)

        fetched = [session.fetched(reference, room, find) for reference in program.fetch]
        session.free(program.free)
        return {"results": [{"id": first + at, **said} for at, said in variant.reports], "values": fetched}


def _tuple(positions: list[int] | None) -> tuple[int, ...] | None:
    return None if positions is None else tuple(positions)


def _each(specs: Spec | list[Spec] | None) -> list[Spec]:
    return specs if isinstance(specs, list) else [] if specs is None else [specs]


def _without_id(result: Result) -> dict[str, Any]:
    wire = result.to_wire()
    del wire["id"]
    return wire
