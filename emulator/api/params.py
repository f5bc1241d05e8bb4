"""The parameters of a call, from query, form, multipart or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from email.parser import BytesParser, Parser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from ..errors import bad_request
from ..people import Json

# Values of these stay text although they may look like JSON.
TEXTS = frozenset(
    [
        "text",
        "caption",
        "parse_mode",
        "callback_query_id",
        "url",
        "secret_token",
        "action",
        "emoji",
        "language_code",
        "name",
        "description",
        "inline_message_id",
        "question",
        "explanation",
        "title",
        "address",
        "performer",
        "phone_number",
        "first_name",
        "last_name",
        "vcard",
    ]
)


class Attachment(dict[str, Any]):
    """A file of a form; as JSON it is its name, its size and its content as a text."""

    def __init__(self, file_name: str, mime_type: str, body: bytes) -> None:
        super().__init__(file_name=file_name, file_size=len(body), content=body.decode("utf-8", "replace"))
        self.mime_type = mime_type
        self.body = body


def read(query: str, content_type: str, body: bytes) -> Json:
    """The parameters as JSON values. Errors: 400 for what cannot be parsed or is not UTF-8."""
    params = _from_pairs(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
    if body:
        params |= _from_body(content_type, body)
    _check_utf8(params)
    return params


def _from_body(content_type: str, body: bytes) -> Json:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _from_json(body)
    if kind == "multipart/form-data":
        return _from_pairs(_multipart(content_type, body))
    pairs = parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape")
    return _from_pairs(pairs)


def _from_json(body: bytes) -> Json:
    try:
        params = json.loads(body.decode("utf-8", "surrogateescape"))
    except ValueError:
        raise bad_request("can't parse the request as a JSON object") from None
    if not isinstance(params, dict):
        raise bad_request("can't parse the request as a JSON object")
    return {name: value for name, value in params.items() if value is not None}


def _multipart(content_type: str, body: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a form. Only the heads are parsed: what is in between may be anything, a mail too."""
    boundary = Parser(policy=HTTP).parsestr(f"Content-Type: {content_type}\r\n\r\n").get_boundary("")
    for part in (b"\r\n" + body).split(f"\r\n--{boundary}".encode())[1:]:
        if part.startswith(b"--"):
            return
        head, _, payload = part.partition(b"\r\n\r\n")
        headers = BytesParser(policy=HTTP).parsebytes(head.lstrip() + b"\r\n\r\n")
        name = headers.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        if (file_name := headers.get_filename()) is None:
            yield name, payload.decode("utf-8", "surrogateescape")
        else:
            yield name, Attachment(file_name, headers.get_content_type(), payload)


def _from_pairs(pairs: Iterable[tuple[str, Any]]) -> Json:
    return {name: value if name in TEXTS else _value(value) for name, value in pairs}


def _value(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check_utf8(params: Json) -> None:
    try:
        json.dumps(params, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def integer(params: Json, name: str, default: int = 0) -> int:
    """A number, or the default when there is none. Errors: 400."""
    value = params.get(name, default)
    try:
        return int(float(value)) if isinstance(value, str) else int(value)
    except (TypeError, ValueError, OverflowError):
        raise bad_request(f"{name} must be a number") from None


def text(params: Json, name: str) -> str:
    """A text, empty when there is none."""
    value = params.get(name, "")
    return value if isinstance(value, str) else json.dumps(value)


def flag(params: Json, name: str) -> bool:
    """A yes or no; no when there is none."""
    return str(params.get(name, False)).lower() in ("true", "1")


def objects(params: Json, name: str) -> list[Any]:
    """A list, empty when there is none. Errors: 400."""
    value = params.get(name) or []
    if not isinstance(value, list):
        raise bad_request(f"can't parse {name}: expected an Array")
    return value


def object_of(params: Json, name: str) -> Json:
    """An object, empty when there is none. Errors: 400."""
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise bad_request(f"can't parse {name}: expected an Object")
    return value
