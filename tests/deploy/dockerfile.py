"""Reads a Dockerfile into stages of instructions, as far as this project's own needs."""

import fnmatch
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Instruction:
    keyword: str
    flags: dict[str, str]
    value: str

    @property
    def words(self) -> list[str]:
        return json.loads(self.value) if self.value.startswith("[") else self.value.split()


@dataclass
class Stage:
    name: str
    parent: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, keyword: str) -> list[Instruction]:
        return [each for each in self.instructions if each.keyword == keyword]


def read_stages(text: str) -> dict[str, Stage]:
    """Every stage by name, in the file's order."""
    stages: dict[str, Stage] = {}
    for line in _logical_lines(text):
        instruction = _parse(line)
        if instruction.keyword == "FROM":
            parent, _, name = instruction.value.partition(" AS ")
            current = stages[name.strip()] = Stage(name.strip(), parent.strip())
        elif stages:
            current.instructions.append(instruction)
    return stages


def lineage(stages: dict[str, Stage], target: str) -> list[Stage]:
    """The target's own stages, from the first one built on an outside image."""
    stage = stages[target]
    return [*lineage(stages, stage.parent), stage] if stage.parent in stages else [stage]


def build_order(stages: dict[str, Stage], target: str) -> list[Stage]:
    """Every stage the target needs, its parents and the stages it copies from first."""
    ordered: list[Stage] = []

    def visit(name: str) -> None:
        stage = stages[name]
        if stage in ordered:
            return
        for needed in [stage.parent, *map(_source_stage, stage.instructions)]:
            if needed in stages:
                visit(needed)
        ordered.append(stage)

    visit(target)
    return ordered


def environment(stages: dict[str, Stage], target: str) -> dict[str, str]:
    """What ENV gives a container of the target, with $NAME left as written."""
    pairs = [each.value for stage in lineage(stages, target) for each in stage.all("ENV")]
    return dict(pair.split("=", 1) for text in pairs for pair in text.split())


def final(stages: dict[str, Stage], target: str, keyword: str) -> Instruction:
    """The last such instruction, which is the one in force."""
    return [each for stage in lineage(stages, target) for each in stage.all(keyword)][-1]


def build_context(root: Path, ignore_text: str) -> list[Path]:
    """The files, relative to root, that .dockerignore lets through; the last matching line decides."""
    rules = [line.strip() for line in ignore_text.splitlines() if line.strip() and not line.startswith("#")]
    exceptions = [rule[1:].split("/")[0] for rule in rules if rule.startswith("!")]
    kept = []
    for top in root.iterdir():
        # As Docker does: a directory that is left out, with no exception in it, is not walked.
        if _ignored(Path(top.name), rules) and top.name not in exceptions:
            continue
        files = (path.relative_to(root) for path in [top, *top.rglob("*")] if path.is_file())
        kept += [path for path in files if not _ignored(path, rules)]
    return sorted(kept)


def _ignored(path: Path, rules: list[str]) -> bool:
    names = [str(path), *map(str, path.parents)]
    ignored = False
    for rule in rules:
        pattern = _pattern(rule.removeprefix("!"))
        if any(pattern.fullmatch(name) for name in names):
            ignored = not rule.startswith("!")
    return ignored


def _pattern(rule: str) -> re.Pattern[str]:
    parts = ["[^/]*".join(map(_translate, part.split("*"))) for part in rule.split("**/")]
    return re.compile("(?:.*/)?".join(parts))


def _translate(literal: str) -> str:
    """Everything but * as fnmatch reads it, character sets included."""
    return fnmatch.translate(literal).removeprefix("(?s:").removesuffix(")\\Z")


def _source_stage(instruction: Instruction) -> str:
    mount = re.search(r"from=([\w-]+)", instruction.flags.get("mount", ""))
    return mount[1] if mount else instruction.flags.get("from", "")


def _logical_lines(text: str) -> list[str]:
    kept = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", "", "\n".join(kept)).splitlines()


def _parse(line: str) -> Instruction:
    keyword, _, rest = line.partition(" ")
    if keyword == "HEALTHCHECK":
        # Its options come before CMD.
        options, _, rest = rest.partition("CMD ")
        return Instruction(keyword, dict(re.findall(r"--([\w-]+)=(\S+)", options)), rest.strip())
    flags = {}
    while match := re.match(r"\s*--([\w-]+)=(\S+)\s+", rest):
        flags[match[1]] = match[2]
        rest = rest[match.end() :]
    return Instruction(keyword, flags, rest.strip())
