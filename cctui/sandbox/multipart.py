"""The parts of a multipart body with their places in it: the cut counts from the start of the body."""

from __future__ import annotations

from msgspec import Struct
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header


class WrongMultipart(Exception):
    """The body is not multipart/form-data as its header says."""


class Part(Struct, kw_only=True):
    """One part: its field name, its file name where it is a file, and where its content lies in the body."""

    name: str
    file_name: str | None
    content_type: str
    start: int
    content: bytes


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of ``body``. Raises :class:`WrongMultipart`."""
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data" or b"boundary" not in options:
        raise WrongMultipart("The content type is not multipart/form-data with a boundary.")
    reader = _Reader()
    parser = MultipartParser(
        options[b"boundary"],
        {
            "on_part_begin": reader.begin,
            "on_part_data": reader.data,
            "on_part_end": reader.end,
            "on_header_field": reader.header_name,
            "on_header_value": reader.header_value,
            "on_header_end": reader.header_end,
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise WrongMultipart(str(error)) from None
    return reader.parts


class _Reader:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.begin()

    def begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._start = -1
        self._pieces: list[bytes] = []

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._start < 0:
            self._start = start
        self._pieces.append(data[start:end])

    def end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        file_name = options.get(b"filename")
        self.parts.append(
            Part(
                name=options.get(b"name", b"").decode("utf-8", "replace"),
                file_name=None if file_name is None else file_name.decode("utf-8", "replace"),
                content_type=self._headers.get(b"content-type", b"text/plain").decode("latin-1"),
                start=max(0, self._start),
                content=b"".join(self._pieces),
            )
        )
