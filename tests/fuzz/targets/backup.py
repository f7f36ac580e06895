"""Any file that somebody gives to be restored: its header, and what its chunks may hold."""

import contextlib

from central.backup.container import BackupError, decode_header, encode_header
from central.backup.records import MemberHead, Records, read_as


def run(data: bytes) -> None:
    """Let only ``BackupError`` pass; a header that is read stands in the data."""
    with contextlib.suppress(BackupError):
        header, encoded = decode_header(data)
        assert data.startswith(encoded)
        assert decode_header(encode_header(header))[0] == header
    records = Records()
    with contextlib.suppress(BackupError):
        for _, payload in records.receive_data(data):
            read_as(MemberHead, payload)
        records.end()
