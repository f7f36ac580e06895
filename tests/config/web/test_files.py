import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Mount

from config.web import CONTENT_SECURITY_POLICY
from config.web.files import WebFiles
from tests.serving import serving

SCRIPT = "export const answer = 42;\n" * 40


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "a.js").write_text(SCRIPT, "utf-8")
    (tmp_path.parent / "secret.txt").write_text("secret", "utf-8")
    app = Starlette(routes=[Mount("/web", WebFiles(tmp_path))])
    with serving(app) as url, httpx.Client(base_url=url) as made:
        yield made


def test_a_script_has_the_type_that_browsers_run(client: httpx.Client) -> None:
    reply = client.get("/web/a.js")

    assert reply.text == SCRIPT
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_a_file_is_compressed_for_browsers_that_read_gzip(client: httpx.Client) -> None:
    with client.stream("GET", "/web/a.js", headers={"Accept-Encoding": "gzip"}) as reply:
        raw = b"".join(reply.iter_raw())

    assert len(raw) < len(SCRIPT) / 4
    assert gzip.decompress(raw).decode() == SCRIPT


def test_a_file_is_plain_for_those_that_do_not(client: httpx.Client) -> None:
    reply = client.get("/web/a.js", headers={"Accept-Encoding": "identity"})

    assert "Content-Encoding" not in reply.headers
    assert reply.text == SCRIPT


def test_an_unchanged_file_is_not_sent_again(client: httpx.Client) -> None:
    etag = client.get("/web/a.js").headers["ETag"]

    reply = client.get("/web/a.js", headers={"If-None-Match": etag})

    assert (reply.status_code, reply.content) == (304, b"")


def test_every_file_carries_the_security_policy(client: httpx.Client) -> None:
    reply = client.get("/web/a.js")

    assert reply.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/web/", "/web/b.js", "/web/%2e%2e/secret.txt", "/web//a.js/x"])
def test_what_is_not_a_file_of_the_folder_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_files_are_only_read(client: httpx.Client) -> None:
    assert client.post("/web/a.js").status_code == 405


def test_a_module_is_served_without_its_documentation_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "b.js").write_text(
        '/**\n * Says it.\n */\nconst a = /** @type {any} */ (1);\nconst b = "/* kept */";\n'
        "  // Why.\n",
        "utf-8",
    )

    served = WebFiles(tmp_path)["b.js"].response(Headers()).body

    assert bytes(served).decode() == '\n\n\nconst a = (1);\nconst b = "/* kept */";\n\n'
