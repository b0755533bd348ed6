"""What deploy/ must agree with, read from the server's sources without importing them."""

import ast

from dockerfile import ROOT

SERVER = ROOT / "server" / "kremote_server"


def setting_names() -> set[str]:
    """KREMOTE_<FIELD> for each field of Settings."""
    tree = ast.parse((SERVER / "settings.py").read_text())
    [settings] = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    fields = [node.target for node in settings.body if isinstance(node, ast.AnnAssign)]
    return {f"KREMOTE_{field.id.upper()}" for field in fields if isinstance(field, ast.Name)}


def strings() -> set[str]:
    """Every string constant in the server's sources, f-strings' pieces included."""
    trees = [ast.parse(path.read_text()) for path in SERVER.rglob("*.py")]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {value for value in constants if isinstance(value, str)}
