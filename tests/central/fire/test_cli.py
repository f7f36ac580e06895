"""``menshen fire`` against a running central, as an operator or a program calls it."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from config.command import main
from config.contract.commands import BeginDrill, EndDrill, NodeCommand, SignedCommands, Wanted
from config.contract.fire_events import FireConfirmation, FireDrillChanged
from drivers.simulation import free_port
from tests.central.bench import PASSWORD, Bench, running_central
from tests.central.fire.telling import API, ZONE, Telling


class Terminal:
    """One that drills what it is told to, in a thread of its own, or leaves gates unanswered."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.node = bench, bench.node()
        self.telling, self.confirms = Telling(bench, self.node), True
        self._done, self._is_over = set[UUID](), threading.Event()
        self.node.report()  # it is heard before anything is asked of it
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._is_over.wait(0.05):
            self.node.report()
            reply = self.node.request("GET", f"{API}/nodes/current/commands")
            for signed in SignedCommands.model_validate_json(reply.content).commands:
                command = NodeCommand.model_validate_json(signed.body)
                if command.id not in self._done:
                    self._done.add(command.id)
                    self._obey(command.what)

    def _obey(self, what: Wanted) -> None:
        if not isinstance(what, BeginDrill | EndDrill):
            return
        drill, is_on, until = what.drill_id, isinstance(what, BeginDrill), self.bench.clock()
        self.telling.tell(
            FireDrillChanged(
                drill_id=drill, zone=ZONE, is_on=is_on, releases=True, until=until, asked_by=""
            )
        )
        if not is_on:
            self.telling.end(drill, is_drill=True)
            return
        self.telling.confirm(drill, confirmed_by=FireConfirmation.DRILL, points=(), is_drill=True)
        if self.confirms:
            self.telling.answer(drill, is_drill=True)

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_central(tmp_path_factory.mktemp("fire") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def terminal(bench: Bench) -> Iterator[Terminal]:
    found = Terminal(bench)
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENSHEN_PASSWORD", PASSWORD)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("MENSHEN_TOKEN", raising=False)


def run(bench: Bench, *words: str, name: str | None = "admin") -> int:
    assert bench.administrator
    who = () if name is None else ("--username", name)
    return main(["fire", *words, "--url", bench.url, *who])


def token_of(bench: Bench, *scopes: str) -> str:
    wish = {"name": "drills", "scopes": list(scopes)}
    reply = bench.administrator.post(f"{API}/account/tokens", json=wish)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["token"])


def wait_until_over(bench: Bench) -> None:
    """Return when the terminal has ended what was drilled, so that the next one may begin."""
    until_s = time.monotonic() + 60
    while bench.administrator.get(f"{API}/fire").json()["drills"]:
        assert time.monotonic() < until_s
        time.sleep(0.05)


def problem(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was said as a mistake: one line and no traceback."""
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return " ".join(said.replace("\u2502", " ").split())


@pytest.mark.parametrize("suffix", ["html", "json"])
def test_a_drill_writes_its_evidence_which_is_genuine_without_central(
    bench: Bench, terminal: Terminal, tmp_path: Path, suffix: str
) -> None:
    terminal.confirms, file = True, tmp_path / f"evidence.{suffix}"

    drilled = run(bench, "drill", "--zone", ZONE, "--report", str(file))
    checked = main(["fire", "verify", str(file)])
    wait_until_over(bench)

    assert (drilled, checked) == (0, 0)


def test_a_drill_that_a_gate_does_not_confirm_is_no_success(
    bench: Bench, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.confirms = False

    drilled = run(bench, "drill", "--zone", ZONE, "--for", "1", "--json")
    wait_until_over(bench)

    assert drilled == 1
    document = json.loads(json.loads(capsys.readouterr().out)["document"])
    assert document["summary"]["confirmed_count"] == 0


def test_a_report_is_given_to_a_program_by_its_token(
    bench: Bench, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fire_id, file = terminal.telling.confirm(), tmp_path / "token"
    token = token_of(bench, "fire.read")
    file.write_text(f"{token}\n", encoding="utf-8")

    by_file = run(bench, "report", str(fire_id), "--token-file", str(file), name=None)
    monkeypatch.setenv("MENSHEN_TOKEN", token)
    by_environment = run(bench, "report", str(fire_id), name=None)
    terminal.telling.end(fire_id)

    assert (by_file, by_environment) == (0, 0)


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        (None, "central does not know this token, or its time is over"),
        (("fire.read",), "this needs the permission fire.drill"),
    ],
)
def test_a_token_that_is_wrong_or_may_not_is_told_so(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scopes: tuple[str, ...] | None,
    words: str,
) -> None:
    token = "0" * 40 if scopes is None else token_of(bench, *scopes)
    monkeypatch.setenv("MENSHEN_TOKEN", token)

    assert run(bench, "drill", "--zone", ZONE, name=None) != 0
    said = problem(capsys)
    assert words in said
    assert token not in said


def test_a_zone_that_is_none_is_told_so(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(bench, "drill", "--zone", "attic") != 0
    assert "the site file has no such fire zone" in problem(capsys)


def test_a_central_that_is_away_is_told_with_its_address(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    assert main(["fire", "drill", "--zone", ZONE, "--url", url, "--username", "admin"]) != 0
    assert f"central does not answer at {url}" in problem(capsys)


@pytest.mark.parametrize("file", ["absent/evidence.html", "folder.json", "evidence.pdf"])
def test_a_report_that_cannot_be_written_drills_nothing(
    bench: Bench, terminal: Terminal, tmp_path: Path, file: str
) -> None:
    (tmp_path / "folder.json").mkdir()
    before = bench.row("SELECT count(*) FROM fire_drills")

    assert run(bench, "drill", "--zone", ZONE, "--report", str(tmp_path / file)) != 0
    assert bench.row("SELECT count(*) FROM fire_drills") == before


def test_nobody_drills_without_saying_who_it_is(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bench, "drill", "--zone", ZONE, name=None) != 0
    assert "give --username, --token-file, or a token in MENSHEN_TOKEN" in problem(capsys)
