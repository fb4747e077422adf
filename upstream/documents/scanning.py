"""Asking clamd, the malware scanner, about a file. `settings.CLAMD` says where it listens; None means that nothing is scanned."""

import socket
import struct

import structlog
from django.conf import settings

from upstream.documents.inspection import UnacceptableFile

log = structlog.get_logger(__name__)

# For each step of the conversation. A page of the office waits for the second, so it is short.
SCAN_SECONDS = 20
PING_SECONDS = 1

MALWARE = "The file holds malware, such as a virus. Upload a clean copy"
UNCHECKED = "We cannot check files at the moment. Try again in a few minutes"


def refuse_malware(content: bytes) -> None:
    """Raise UnacceptableFile when the scanner finds something, and when it cannot say. Without a scanner, let everything pass."""
    if settings.CLAMD is None:
        return
    # The content follows its length; a length of nothing ends it.
    answer = ask("INSTREAM", struct.pack("!L", len(content)) + content + bytes(4), seconds=SCAN_SECONDS)
    if answer.endswith(" FOUND"):
        log.warning("malware-refused", answer=answer)
        raise UnacceptableFile(MALWARE)
    if answer != "stream: OK":
        log.error("file-not-scanned", answer=answer)
        raise UnacceptableFile(UNCHECKED)


def is_silent() -> bool:
    """Return whether there is a scanner that does not answer."""
    return settings.CLAMD is not None and ask("PING", seconds=PING_SECONDS) != "PONG"


def ask(command: str, body: bytes = b"", *, seconds: float) -> str:
    """Return what clamd answers, or nothing when it cannot be reached."""
    try:
        with connect(seconds) as line, line.makefile("rb") as answer:
            line.sendall(f"z{command}\0".encode() + body)
            return answer.read().decode().rstrip("\0")  # it hangs up after one answer
    except OSError as error:
        log.warning("scanner-unreachable", error=str(error))
        return ""


def connect(seconds: float) -> socket.socket:
    """Return a line to the scanner on which no step takes longer. Raises OSError."""
    address = settings.CLAMD or ""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=seconds)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(seconds)
    try:
        line.connect(address)
    except OSError:
        line.close()
        raise
    return line
