import dataclasses
import fcntl
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from models.catalogue import Network, SourceFile
from models.fetch import FetchError, check_mirror, fetch, open_client, wanted
from models.store import Store, StoreError, network_of
from tests.models.web import Web, serving, trusted_tls

CONTENT = np.random.default_rng(5).bytes(300_000)
NAME = "face_detection_yunet_2023mar.onnx"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        server.files[f"/{NAME}"] = CONTENT
        yield server


@pytest.fixture
def https_web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Web]:
    """A server whose certificate this process trusts, as an administrator would have it."""
    with serving(trusted_tls(monkeypatch, tmp_path)) as server:
        server.files[f"/{NAME}"] = CONTENT
        yield server


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A client as ours but without TLS, which the other tests have."""
    with httpx.Client(trust_env=False, follow_redirects=True) as client:
        yield client


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def network(raw: bytes = CONTENT, *, url: str | None = None) -> Network:
    """A network of this content; nothing here opens it."""
    sha256 = hashlib.sha256(raw).hexdigest()
    file = SourceFile(name=NAME, size_bytes=len(raw), sha256=sha256, url=url)
    return dataclasses.replace(network_of("yunet-2023mar"), sha256=sha256, files=(file,))


def load(store: Store, client: httpx.Client, web: Web) -> list[int]:
    """Fetch from a server; returns the sizes that the progress bar was told."""
    sizes: list[int] = []
    fetch(
        network(),
        store,
        client=client,
        mirror=web.url,
        on_progress=lambda _, size: sizes.append(size),
    )
    return sizes


def part(store: Store) -> Path:
    return store.folder / f"{NAME}.part"


def test_a_network_is_fetched_whole_and_nothing_else_is_left(
    store: Store, client: httpx.Client, web: Web
) -> None:
    sizes = load(store, client, web)

    assert sizes == sorted(sizes)
    assert sizes[-1] == len(CONTENT)
    assert (store.folder / NAME).read_bytes() == CONTENT
    assert {path.name for path in store.folder.iterdir()} == {NAME, f"{NAME}.json"}


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.cuts = [100_000, 50_000]

    load(store, client, web)

    assert [asked for _, asked in web.asked] == [None, "bytes=100000-", "bytes=150000-"]
    assert (store.folder / NAME).read_bytes() == CONTENT


def test_a_later_run_goes_on_where_the_last_one_stopped(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.cuts = [70_000, 0]
    with pytest.raises(
        FetchError, match=r"broke off .* after 70000 of 300000 bytes .* run `menshen"
    ):
        load(store, client, web)
    web.asked.clear()

    load(store, client, web)

    assert web.asked == [(f"/{NAME}", "bytes=70000-")]
    assert (store.folder / NAME).read_bytes() == CONTENT


def test_a_server_without_ranges_sends_everything_again(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.cuts, web.has_ranges = [100_000], False

    load(store, client, web)

    assert (store.folder / NAME).read_bytes() == CONTENT


def test_a_server_that_never_gets_further_is_given_up(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.cuts, web.has_ranges = [100_000] * 9, False

    with pytest.raises(FetchError, match="broke off"):
        load(store, client, web)

    assert len(web.asked) == 2


def test_a_server_that_breaks_off_again_and_again_is_given_up(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.cuts = [1_000] * 9

    with pytest.raises(FetchError, match="after 5000 of 300000 bytes"):
        load(store, client, web)

    assert part(store).read_bytes() == CONTENT[:5_000]


def test_a_complete_part_file_is_not_asked_for_again(
    store: Store, client: httpx.Client, web: Web
) -> None:
    store.folder.mkdir()
    part(store).write_bytes(CONTENT)

    load(store, client, web)

    assert web.asked == []
    assert not part(store).exists()


def test_a_wrong_hash_is_refused_with_both_hashes_and_nothing_is_kept(
    store: Store, client: httpx.Client, web: Web
) -> None:
    other = CONTENT[:-1] + b"?"
    web.files[f"/{NAME}"] = other
    expected, got = (hashlib.sha256(raw).hexdigest() for raw in (CONTENT, other))

    with pytest.raises(StoreError, match=f"expected sha256 {expected}, got {got}"):
        load(store, client, web)

    assert list(store.folder.iterdir()) == []


def test_a_part_file_of_another_file_is_found_by_the_hash(
    store: Store, client: httpx.Client, web: Web
) -> None:
    store.folder.mkdir()
    part(store).write_bytes(b"?" * 1_000)

    with pytest.raises(StoreError, match="is not the catalogue's file"):
        load(store, client, web)

    assert not part(store).exists()


def test_a_truncated_file_is_refused_and_nothing_is_kept(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.files[f"/{NAME}"] = CONTENT[:1_000]

    with pytest.raises(FetchError, match="no more than 1000 of 300000 bytes"):
        load(store, client, web)

    assert list(store.folder.iterdir()) == []


def test_a_file_that_is_too_large_is_stopped_at_the_limit(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.files[f"/{NAME}"] = CONTENT * 9
    sizes: list[int] = []

    with pytest.raises(FetchError, match="larger than the 300000 bytes"):
        fetch(
            network(),
            store,
            client=client,
            mirror=web.url,
            on_progress=lambda _, size: sizes.append(size),
        )

    assert sizes[-1] <= len(CONTENT)
    assert list(store.folder.iterdir()) == []


def test_another_part_than_was_asked_for_is_refused(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.cuts, web.range_shift = [1_000], 7

    with pytest.raises(FetchError, match="another part than was asked for"):
        load(store, client, web)

    assert not part(store).exists()


def test_a_file_that_is_not_there_is_one_clear_line(
    store: Store, client: httpx.Client, web: Web
) -> None:
    web.files.clear()

    with pytest.raises(FetchError, match=r"answers 404 Not Found: .*menshen models add FILE"):
        load(store, client, web)

    assert list(store.folder.iterdir()) == []


def test_no_network_is_one_clear_line_that_tells_of_add(store: Store, client: httpx.Client) -> None:
    with serving() as gone:
        pass

    with pytest.raises(FetchError, match=r"cannot fetch .*: without internet, .*models add FILE"):
        load(store, client, gone)


def test_a_server_that_says_nothing_is_not_waited_for_forever(store: Store) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        httpx.Client(trust_env=False, timeout=0.1) as client,
        pytest.raises(FetchError, match=r"cannot fetch .* \(timed out\)"),
    ):
        fetch(
            network(),
            store,
            client=client,
            mirror=f"http://127.0.0.1:{silent.getsockname()[1]}",
            on_progress=lambda *_: None,
        )


def test_a_file_is_fetched_by_one_process_at_a_time(
    store: Store, client: httpx.Client, web: Web
) -> None:
    store.folder.mkdir()
    with part(store).open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(FetchError, match="is being fetched by another process"):
            load(store, client, web)


def test_an_ir_is_fetched_as_two_files_and_converted(
    shared: Path, store: Store, client: httpx.Client, web: Web
) -> None:
    for file in network_of("head-pose").files:
        web.files[f"/{file.name}"] = (shared / "models" / "openvino" / file.name).read_bytes()

    fetch(
        network_of("head-pose"),
        store,
        client=client,
        mirror=f"{web.url}/",
        on_progress=lambda *_: None,
    )

    assert [path for path, _ in web.asked] == [f"/{f.name}" for f in network_of("head-pose").files]
    assert store.find("head-pose") is not None
    assert not list(store.folder.glob("*.part"))


def test_the_sha384_of_the_open_model_zoo_is_checked_too(
    store: Store, client: httpx.Client, web: Web
) -> None:
    (file,) = network().files
    stated = dataclasses.replace(network(), files=(dataclasses.replace(file, sha384="0" * 96),))

    with pytest.raises(StoreError, match="expected sha384 000"):
        fetch(stated, store, client=client, mirror=web.url, on_progress=lambda *_: None)


def test_our_client_fetches_over_tls_from_the_official_place(store: Store, https_web: Web) -> None:
    published = network(url=f"{https_web.url}/{NAME}")

    with open_client() as client:
        fetch(published, store, client=client, on_progress=lambda *_: None)

    assert (store.folder / NAME).read_bytes() == CONTENT


def test_a_redirect_to_another_https_address_is_followed(store: Store, https_web: Web) -> None:
    https_web.redirects["/old"] = f"{https_web.url}/{NAME}"

    with open_client() as client:
        fetch(
            network(url=f"{https_web.url}/old"), store, client=client, on_progress=lambda *_: None
        )

    assert (store.folder / NAME).is_file()


def test_a_redirect_away_from_https_is_refused(store: Store, https_web: Web, web: Web) -> None:
    https_web.redirects["/old"] = f"{web.url}/{NAME}"
    published = network(url=f"{https_web.url}/old")

    with open_client() as client, pytest.raises(FetchError, match=r"http://.* is not https"):
        fetch(published, store, client=client, on_progress=lambda *_: None)

    assert web.asked == []


def test_a_redirect_in_a_circle_ends(store: Store, https_web: Web) -> None:
    https_web.redirects["/old"] = f"{https_web.url}/old"
    published = network(url=f"{https_web.url}/old")

    with open_client() as client, pytest.raises(FetchError, match="cannot fetch"):
        fetch(published, store, client=client, on_progress=lambda *_: None)

    assert len(https_web.asked) <= 6


def test_an_unknown_certificate_is_refused(
    store: Store, https_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    published = network(url=f"{https_web.url}/{NAME}")

    with open_client() as client, pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(published, store, client=client, on_progress=lambda *_: None)


def test_a_proxy_of_the_environment_that_cannot_be_used_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy:70")

    with pytest.raises(FetchError, match="the proxy or certificates of the environment"):
        open_client().__enter__()


@pytest.mark.parametrize("url", ["http://mirror/", "mirror", "https://", "file:///m"])
def test_a_mirror_is_https_or_nothing(url: str) -> None:
    with pytest.raises(FetchError, match="is no https address"):
        check_mirror(url)


def test_what_nobody_publishes_is_brought_as_a_file(store: Store, client: httpx.Client) -> None:
    with pytest.raises(FetchError, match=r"no official download: bring minifasnet.*add FILE"):
        fetch(network_of("liveness-2.7"), store, client=client, on_progress=lambda *_: None)


def test_what_a_package_carries_is_built(store: Store, client: httpx.Client) -> None:
    with pytest.raises(FetchError, match="menshen models build"):
        fetch(network_of("dlib-mmod"), store, client=client, on_progress=lambda *_: None)


def test_a_pipeline_wants_one_network_of_each_role_that_is_not_filled(
    shared: Path, store: Store
) -> None:
    before = [network.name for network in wanted("production", store)]

    store.add(shared / "models" / "face_detection_yunet_2023mar.onnx")

    assert before == ["yunet-s-dynamic", "face-reidentification-retail-0095"]
    assert [n.name for n in wanted("production", store)] == ["face-reidentification-retail-0095"]


def test_an_unknown_pipeline_is_told_the_known_ones(store: Store) -> None:
    with pytest.raises(FetchError, match="there are: builtin, liveness, production"):
        wanted("magic", store)
