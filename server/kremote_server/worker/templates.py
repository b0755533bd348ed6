"""A session's templates: instructions that were sent once as bytes, and are run by their digest."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

from kremote_proto.errors import UnknownTemplate
from kremote_proto.limits import MOST_TEMPLATES
from kremote_proto.messages import Instruction, Program, template_from_bytes
from kremote_proto.op import CATALOGUE

from .interpretation import compilable

#: How many bytes of templates a session keeps: as maps and lists they take a hundred times as much.
MOST_BYTES = 2 << 20


class Template:
    """The instructions of a template."""

    def __init__(self, instructions: list[Instruction], content: bytes) -> None:
        self.instructions = instructions
        self.content = content
        #: How it ran with inputs of some specs, by what a compiled program depends on.
        self.variants: OrderedDict[Hashable, Any] = OrderedDict()
        #: How often it was compiled.
        self.compilations = 0

    @cached_property
    def compilable(self) -> bool:
        """Whether every op of it may be compiled."""
        return all(
            instruction.op in CATALOGUE and not instruction.symbolic and compilable(CATALOGUE[instruction.op])
            for instruction in self.instructions
        )

    @cached_property
    def names(self) -> list[str]:
        """The named variables among its arguments."""
        found: dict[str, None] = {}
        for instruction in self.instructions:
            level = [instruction.args]
            for item in level:
                if isinstance(item, dict) and isinstance(item.get("variable"), str):
                    found[item["variable"]] = None
                elif isinstance(item, dict | list):
                    level.extend(item.values() if isinstance(item, dict) else item)
        return list(found)


class Templates:
    """A bounded memory of templates by the SHA-256 of their bytes."""

    def __init__(self, most_instructions: int, forgotten: Callable[[Template], None] = lambda _: None) -> None:
        self._most_instructions = most_instructions
        self._forgotten = forgotten
        self._kept: OrderedDict[bytes, Template] = OrderedDict()
        self._bytes = 0

    def of(self, program: Program) -> Template | None:
        """A program's template, None where it lists its instructions; raises `UnknownTemplate`."""
        if program.digest is not None:
            return self._find(program.digest)
        return None if program.template is None else self._keep(program.template)

    def kept(self) -> list[bytes]:
        """The bytes of each template, the one used longest ago first."""
        return [template.content for template in self._kept.values()]

    def restore(self, kept: list[bytes]) -> None:
        """Have the templates that another session kept."""
        for template in kept:
            self._keep(template)

    def has(self, digest: bytes) -> bool:
        """Whether a template is kept."""
        return digest in self._kept

    def _find(self, digest: bytes) -> Template:
        if digest not in self._kept:
            raise UnknownTemplate(
                f"expected the digest of a template of this session; got {digest.hex()}",
                hint="send its instructions again, under a new sequence; a session keeps those it used last",
            )
        self._kept.move_to_end(digest)
        return self._kept[digest]

    def _keep(self, template: bytes) -> Template:
        digest = hashlib.sha256(template).digest()
        if digest in self._kept:
            return self._find(digest)
        instructions = template_from_bytes(template, most_instructions=self._most_instructions)
        self._kept[digest] = Template(instructions, template)
        self._bytes += len(template)
        while len(self._kept) > MOST_TEMPLATES or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.content)
            self._forgotten(oldest)
        return self._kept[digest]
