import asyncio
from pathlib import Path

import pytest
import typer

from config.demo.processes import Process


def test_a_process_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(typer.TyperException, match="no command 'opensesame'"):
        asyncio.run(Process.start("x", "opensesame", folder=tmp_path))
