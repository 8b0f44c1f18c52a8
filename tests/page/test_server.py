"""The page's server: who may use it, what it answers to bad input, and that it never breaks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.page.conftest import HOUSE, Served, Visitor

JSON = {"Accept": "application/json"}
LARGE = 20 * 1024 * 1024


class StayHere(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer to look at."""

    def redirect_request(self, *of: object) -> None:
        return None


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: str
    headers: Mapping[str, str]


Ask = Callable[..., Answer]


@pytest.fixture
def ask(served: Served, onlooker: Visitor) -> Ask:
    """Asks the server as no browser would; the stage is set, and a browser looks on."""
    onlooker.stage_is_set()
    opener = urllib.request.build_opener(StayHere)

    def asked(path: str, form: dict[str, str] | bytes | None = None, **headers: str) -> Answer:
        body = urllib.parse.urlencode(form).encode() if isinstance(form, dict) else form
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(served.url + path, data=body, headers=JSON | named)
        try:
            with opener.open(request, timeout=30) as response:
                return Answer(response.status, response.read().decode(), response.headers)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), error.headers)

    return asked


def test_nothing_may_come_from_elsewhere(ask: Ask) -> None:
    """A strict policy on every answer: no script, picture, font or frame from anybody else, and nothing is kept."""
    for path in ("/", "/static/page.js", "/nowhere"):
        headers = ask(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_it_listens_on_one_address_only(served: Served) -> None:
    """Not even another loopback address finds anybody."""
    port = urllib.parse.urlsplit(served.url).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port or 0), timeout=1)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "[::2]:80", ""])
def test_a_foreign_name_is_shown_nothing(ask: Ask, host: str) -> None:
    """A name that somebody made lead here (DNS rebinding) does not open the phones."""
    answer = ask("/", Host=host)
    assert answer.status in (400, 403)
    assert "Robin" not in answer.body


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}]
)
def test_another_page_cannot_press_our_buttons(ask: Ask, headers: dict[str, str]) -> None:
    """What a foreign page makes a browser post is refused."""
    assert ask("/program", {"do": "kill"}, **headers).status == 403
    assert "killed" not in ask("/").body


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/phones/p1/write", {"text": ""}),
        ("/phones/p1/write", {"text": " \n\t "}),
        ("/phones/p1/write", {}),
        ("/phones/p1/write", {"text": "x" * 1601}),
        ("/phones/p3/write", {"text": "𝒳" * 2049}),
        ("/phones/p2/write", {"text": "not started yet"}),
        ("/phones/p3/write", {"text": "hello", "reply": "4711"}),
        ("/phones/p99/write", {"text": "hello"}),
        ("/phones/p1/fly", {"text": "hello"}),
        ("/phones/p1/press", {"message": "1", "data": "take"}),
        ("/phones/p3/press", {"message": "1", "data": "no such button"}),
        ("/phones", {"name": "", "part": "texter", "channel": "sms"}),
        ("/phones", {"name": "x" * 25, "part": "texter", "channel": "sms"}),
        ("/phones", {"name": "a\x00b", "part": "counselor", "channel": "sms"}),
        ("/phones", {"name": "Alma", "part": "counselor", "channel": "sms"}),
        ("/phones", {"name": "Eve", "part": "owner", "channel": "sms"}),
        ("/phones", {"name": "Eve", "part": "texter", "channel": "pigeon"}),
        ("/clock", {"minutes": "-5"}),
        ("/clock", {"minutes": "nan"}),
        ("/clock", {"minutes": "1e99"}),
        ("/clock", {}),
        ("/carriers", {"carrier": "post", "how": "busy"}),
        ("/carriers", {"carrier": "sms", "how": "on fire"}),
        ("/script", {"do": "begin", "script": "../../etc/passwd"}),
        ("/script", {"do": "dance"}),
        ("/script", {}),
    ],
)
def test_what_cannot_be_done_is_answered_in_a_sentence(ask: Ask, path: str, form: dict[str, str]) -> None:
    """For the person at the page: what is wrong, and what helps."""
    answer = ask(path, form)
    assert answer.status == 409
    said = json.loads(answer.body)["say"]
    assert said.endswith(".")
    assert "Error" not in said


def test_a_text_of_twenty_megabytes_is_too_large(ask: Ask) -> None:
    """It is not read to its end."""
    answer = ask("/phones/p1/write", b"text=" + b"x" * LARGE)
    assert answer.status == 409
    assert "too large" in json.loads(answer.body)["say"]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(
        ["/phones", "/phones/p1/write", "/phones/p3/press", "/phones/p4/photo", "/clock", "/carriers"]
    ),
    form=st.dictionaries(
        st.sampled_from(
            ["text", "reply", "message", "data", "name", "part", "minutes", "to", "how", "carrier"]
        ),
        st.text(max_size=40).filter(lambda text: text != "shift"),
    ),
    type_=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data", "application/json", "x"]
    ),
)
def test_no_form_breaks_it(ask: Ask, path: str, form: dict[str, str], type_: str) -> None:
    """Whatever is posted: an answer that says something, never an error of the server's own."""
    body = urllib.parse.urlencode(form, errors="replace").encode()
    assert ask(path, body, Content_Type=type_).status < 500


def test_a_port_that_is_taken_is_said_so(served: Served) -> None:
    """Exit 4, one sentence."""
    port = str(urllib.parse.urlsplit(served.url).port)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "rehearse", "--port", port], cwd=HOUSE, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"taken" in done.stderr
    assert done.stderr.count(b"\n") == 1
