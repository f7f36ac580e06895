"""A recorder that speaks ONVIF Profile G; see ``drivers.protocols.onvif_recordings``."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import urlsplit

from config.cameras import CameraRecorder
from drivers.protocols import FrameError
from drivers.protocols import onvif_recordings as soap
from drivers.protocols.onvif_recordings import Recording
from edge.video.recorder import Reach, RecorderError
from edge.video.recorder_http import TIMEOUT_S, RecorderHttp
from edge.video.replaying import positioned

ROUNDS_MAX: Final = 40
"""A search that is not complete by then never will be."""
_DEVICE_PATH: Final = "/onvif/device_service"
_FAULTS: Final = (400, 401, 403, 500)
"""HTTP's codes of SOAP's faults."""
_Result = TypeVar("_Result")


class OnvifRecorder:
    """One recording of a recorder; satisfies ``Recorder``."""

    def __init__(self, entry: CameraRecorder, *, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is asked yet."""
        self._entry, self._http = entry, RecorderHttp(entry.url, timeout_s=timeout_s)

    async def reach(self, *, now: datetime) -> Reach:
        """See ``Recorder.reach``."""
        async with self._http:
            session = await self._session(now)
            recording = self._own(await session.recordings())
        return Reach(None if recording is None else recording.from_at, session.clock_error)

    @asynccontextmanager
    async def replay(self, at: datetime, *, now: datetime) -> AsyncIterator[str]:
        """See ``Recorder.replay``."""
        async with self._http:
            session, token = await self._session(now), self._entry.recording
            if not token:
                recording = self._own(await session.recordings())
                if recording is None:
                    raise RecorderError("the recorder has no recording")
                token = recording.token
            uri = await session.ask(soap.REPLAY, soap.replay_uri(token), soap.decode_replay_uri)
        async with positioned(uri, at, user=self._http.user, password=self._http.password) as url:
            yield url

    async def _session(self, now: datetime) -> "_Session":
        session = _Session(self._http, now)
        await session.begin()
        return session

    def _own(self, recordings: list[Recording]) -> Recording | None:
        """Return this camera's recording; None where there is none.

        Raises:
            RecorderError: There are several, and the site file does not say which.
        """
        wanted = self._entry.recording
        if wanted:
            return next((each for each in recordings if each.token == wanted), None)
        if len(recordings) > 1:
            known = ", ".join(each.token for each in recordings)[:200]
            raise RecorderError(f"say which recording it is in the site file; there are: {known}")
        return recordings[0] if recordings else None


class _Session:
    """Questions that are asked one after the other, with proofs by the recorder's clock."""

    def __init__(self, http: RecorderHttp, now: datetime) -> None:
        self._http, self._now = http, now
        self._paths = {soap.DEVICE: http.path or _DEVICE_PATH}
        self.clock_error: timedelta | None = None

    async def begin(self) -> None:
        """Learn the recorder's time and where its services are."""
        shown_at = await self.ask(soap.DEVICE, soap.CLOCK, soap.decode_clock, is_proven=False)
        self.clock_error = None if shown_at is None else shown_at - self._now
        services = await self.ask(soap.DEVICE, soap.SERVICES, soap.decode_services)
        # The path alone: what a recorder thinks its address is need not be how it is reached.
        found = {space: urlsplit(address).path for space, address in services.items()}
        self._paths = {**found, soap.DEVICE: self._paths[soap.DEVICE]}

    async def recordings(self) -> list[Recording]:
        """Return all recordings."""
        token = await self.ask(soap.SEARCH, soap.FIND, soap.decode_search_token)
        found = dict[str, Recording]()
        for _ in range(ROUNDS_MAX):
            answer = await self.ask(soap.SEARCH, soap.results(token), soap.decode_results)
            found.update({each.token: each for each in answer.recordings})
            if answer.is_complete:
                return list(found.values())
        await self.ask(soap.SEARCH, soap.end_search(token), bytes)
        raise RecorderError("the recorder's search does not end")

    async def ask(
        self,
        service: str,
        body: str,
        decode: Callable[[bytes], _Result],
        *,
        is_proven: bool = True,
    ) -> _Result:
        """Return a service's answer.

        Raises:
            RecorderError: It does not answer, or not so, or there is no such service.
        """
        path = self._paths.get(service)
        if path is None:
            raise RecorderError(f"the recorder has no service {service}: it is not of Profile G")
        proof = self._proof() if is_proven and self._http.user else ""
        answer = await self._http.ask(
            "POST",
            path,
            soap.encode(body, security=proof),
            content_type=soap.CONTENT_TYPE,
            has_digest=is_proven,
            faults=_FAULTS,
        )
        try:
            return decode(answer)
        except soap.RefusedError as error:
            if "NotAuthorized" in str(error):
                raise RecorderError("the recorder refuses the user or the password") from error
            raise RecorderError(str(error)) from error
        except FrameError as error:
            raise RecorderError(f"the recorder answers something else: {error}") from error

    def _proof(self) -> str:
        return soap.security(
            self._http.user,
            self._http.password,
            nonce=secrets.token_bytes(16),
            created=self._now + (self.clock_error or timedelta(0)),
        )
