"""`%%kremote_profile`: a notebook's cell under `K.profile`."""

from __future__ import annotations

from typing import Any

from .profile import Profile


def register(shell: Any) -> None:
    """Give a shell of IPython the magic."""

    def kremote_profile(line: str, cell: str) -> Profile:
        """Run the cell, then show what it asked of the server and what it waited for."""
        source = shell.transform_cell(cell)
        number = len(shell.history_manager.input_hist_parsed) - 1
        code = compile(source, shell.compile.cache(source, number, raw_code=cell), "exec")
        with Profile() as profile:
            exec(code, shell.user_ns)
        return profile

    shell.register_magic_function(kremote_profile, "cell")
