"""Who may look at the dashboard, and from where; what it never does."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from starlette.requests import Request
from starlette.routing import Route

from bot.listener import bind
from bot.settings import environment
from storage import migrations
from tests.house import CHECKOUT, House
from tests.storage.files import digest, plain
from tests.web.house import SECRET, Answer, Document, Web, ready, serving, started
from tests.web.seeding import seed
from web.app import PAGES, create_app
from web.config import Config
from web.login import COOKIE, SESSION_S, Door, Login

SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
SHOWN = [page.path for page in PAGES if "{" not in page.path]


@pytest.fixture(scope="module")
def guarded(used: Path) -> Iterator[Web]:
    """A dashboard with a secret."""
    with serving(used, secret=SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def tried(used: Path) -> Iterator[Web]:
    """Another one, for log-ins that count as guesses."""
    with serving(used, secret=SECRET) as running:
        yield running


def log_in(web: Web, secret: str = SECRET, *, after: str = "/", **headers: str) -> Answer:
    """The form, sent."""
    return web.ask("POST", "/login", urlencode({"secret": secret, "next": after}), **FORM, **headers)


def session(answer: Answer) -> str:
    """The cookie of a log-in, as a browser sends it back."""
    return answer.headers["set-cookie"].partition(";")[0]


def last_line(process: subprocess.Popen[str]) -> str:
    """The one line with which a start fails."""
    _, printed = process.communicate(timeout=30)
    assert (process.returncode, printed.count("\n")) == (1, 1), printed
    return printed


@pytest.mark.parametrize("path", [*SHOWN, "/nothing", "/healthz", "/static/style.css", "/feedback?days=1", "/login"])
def test_every_answer_has_the_headers_that_keep_browsers_in_check(web: Web, path: str) -> None:
    """Whatever its status, and to a wrong Host too."""
    for answer in (web.get(path), web.get(path, Host="elsewhere.example"), web.ask("PUT", path)):
        assert {name: answer.headers[name] for name in SAFE} == SAFE


async def test_a_mistake_of_ours_is_told_without_its_inside(used: Path) -> None:
    """500, plain words and the same headers."""

    async def fail(request: Request) -> None:
        raise RuntimeError("what is inside")

    app = create_app(Config(database=used, artifacts=used.parent, secret="", host="127.0.0.1", port=0))
    app.router.routes.append(Route("/fail", fail))

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/fail")
    assert answer.status_code == 500
    assert "could not be made" in answer.text
    assert "inside" not in answer.text
    assert {name: answer.headers[name] for name in SAFE} == SAFE


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8090", "127.0.0.1:1", "[::1]:8090", "[::1]"])
def test_on_loopback_nobody_has_to_log_in(web: Web, host: str) -> None:
    """By any name of this machine."""
    assert web.get("/", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "localhost.", "[::2]", "10.0.0.1", ""]
)
def test_a_page_of_another_name_cannot_have_its_name_point_here(web: Web, host: str) -> None:
    """DNS rebinding: 421, in plain words, and nothing of the database."""
    answer = web.get("/", Host=host)
    assert answer.status == 421
    assert "localhost only" in Document(answer.text).text
    assert "Time to reply" not in answer.text


@pytest.mark.parametrize("header", ["Forwarded", "X_Forwarded_For", "X_Real_IP", "Via"])
def test_a_proxy_does_not_make_everybody_local(web: Web, guarded: Web, header: str) -> None:
    """What came through one needs the secret."""
    answer = web.get("/", **{header: "192.0.2.7"})
    assert answer.status == 403
    assert "Set POLAR_WEB_SECRET" in answer.text
    assert guarded.get("/", Authorization=f"Bearer {SECRET}", **{header: "192.0.2.7"}).status == 200


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:8090", "dashboard.example:8090"])
def test_others_are_not_let_near_it_without_a_secret(used: Path, listen: str) -> None:
    """It does not start, and names the setting."""
    with started(used, listen=listen) as process:
        assert "set POLAR_WEB_SECRET" in last_line(process)


def test_a_secret_that_can_be_guessed_is_refused(used: Path) -> None:
    """Below 16 characters, on loopback too."""
    with started(used, secret="x" * 15) as process:
        line = last_line(process)
    assert "POLAR_WEB_SECRET is shorter than 16" in line
    assert "xxx" not in line


def test_a_port_that_is_taken_is_told_in_one_line(used: Path) -> None:
    """Status 1, and which setting to change."""
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as taken,
        started(used, listen=f"127.0.0.1:{taken.getsockname()[1]}") as process,
    ):
        assert "change POLAR_WEB_LISTEN" in last_line(process)


def test_no_answer_waits_for_the_client_to_confirm_the_one_before() -> None:
    """On a connection that is kept open, that would be 40 ms each."""
    with bind("127.0.0.1", 0) as bound, socket.create_connection(bound.getsockname()), bound.accept()[0] as accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_with_a_secret_it_listens_anywhere(used: Path) -> None:
    """By whatever name it is called."""
    with started(used, secret=SECRET, listen="0.0.0.0:0") as process:
        assert process.stderr is not None
        web = ready(process.stderr.readline())
        assert Web("127.0.0.1", web.port).get("/", Host="bot.example", Authorization=f"Bearer {SECRET}").status == 200


def test_an_interrupt_ends_it_well(used: Path) -> None:
    """Status 0, as with SIGTERM."""
    with started(used) as process:
        assert process.stderr is not None
        ready(process.stderr.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.parametrize("path", [*SHOWN, "/artifacts/MEMORY.md", "/nothing", "/feedback?days=90"])
def test_with_a_secret_a_browser_is_sent_to_the_form(guarded: Web, path: str) -> None:
    """Which knows where to go on."""
    answer = guarded.get(path)
    assert answer.status == 303
    assert answer.headers["location"] == "/login?" + urlencode({"next": path})


def test_with_a_secret_a_script_is_told_what_to_send(guarded: Web) -> None:
    """401; with the secret as a bearer token it gets the page, with any other nothing."""
    answer = guarded.get("/metrics", Accept="*/*")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="polar"')
    assert b"Authorization: Bearer" in answer.body
    assert guarded.get("/metrics", Accept="*/*", Authorization=f"Bearer {SECRET}").status == 200
    assert guarded.get("/metrics", Accept="*/*", Authorization=f"bearer {SECRET}x").status == 401
    assert guarded.get("/metrics", Accept="*/*", Authorization="Bearer \xff").status == 401


@pytest.mark.parametrize("path", ["/healthz", "/login", "/static/style.css"])
def test_what_tells_nothing_needs_no_secret(guarded: Web, path: str) -> None:
    """The form, its style, and whether the process lives."""
    assert guarded.get(path).status == 200


def test_a_log_in_lasts_for_the_browser(guarded: Web) -> None:
    """The cookie is out of reach of scripts and of other sites, and it opens every page."""
    answer = log_in(guarded, after="/feedback?days=90")
    assert (answer.status, answer.headers["location"]) == (303, "/feedback?days=90")
    settings = set(answer.headers["set-cookie"].lower().split("; ")[1:])
    assert {"httponly", "samesite=strict", f"max-age={12 * 3600}", "path=/"} <= settings
    assert "secure" not in settings
    for path in SHOWN:
        assert guarded.get(path, Cookie=session(answer)).status == 200
    assert guarded.get("/login", Cookie=session(answer)).status == 303


def test_by_https_the_cookie_never_goes_in_the_clear(guarded: Web) -> None:
    """Which a proxy tells."""
    answer = log_in(guarded, X_Forwarded_Proto="https")
    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_a_session_is_good_for_the_process_that_began_it(guarded: Web) -> None:
    """One of before it was started again is over, as a new secret may be the reason; one that is made up is none."""
    cookie = f"{COOKIE}={Login(SECRET).new_session()}"
    assert guarded.get("/", Cookie=cookie).status == 303
    assert guarded.get("/", Cookie=session(log_in(guarded))[:-1]).status == 303


async def test_a_session_ends_after_half_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve hours, to the second."""
    login = Login(SECRET)
    cookie = f"{COOKIE}={login.new_session()}".encode()
    request = Request({"type": "http", "headers": [(b"cookie", cookie)]})
    began = int(time.time())
    monkeypatch.setattr(time, "time", lambda: began + SESSION_S)
    assert await login.admits(request)
    monkeypatch.setattr(time, "time", lambda: began + SESSION_S + 2)
    assert not await login.admits(request)


def test_logging_out_takes_the_cookie_away(guarded: Web) -> None:
    """By a form that only our own pages can send."""
    answer = guarded.ask("POST", "/logout", "", **FORM)
    assert (answer.status, answer.headers["location"]) == (303, "/login")
    assert f'{COOKIE}="";' in answer.headers["set-cookie"]
    assert guarded.ask("POST", "/logout", "", Sec_Fetch_Site="cross-site").status == 403
    assert 'action="/logout"' in guarded.page("/", Cookie=session(log_in(guarded)))


def test_guessing_is_limited_by_address(used: Path) -> None:
    """After a few wrong ones even the right one has to wait, but only from that address."""
    with serving(used, secret=SECRET) as web:
        for _ in range(Door.FORM.value):
            answer = log_in(web, "wrong")
            assert answer.status == 401
            assert "That is not the secret." in answer.text
        answer = log_in(web)
        assert (answer.status, answer.headers["retry-after"]) == (429, "60")
        other = http.client.HTTPConnection(web.host, web.port, timeout=30, source_address=("127.0.0.2", 0))
        with closing(other):
            other.request("POST", "/login", urlencode({"secret": SECRET}), {"Content-Type": FORM["Content_Type"]})
            assert other.getresponse().status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "https://127.0.0.1"},
    ],
)
def test_a_form_of_another_site_is_refused(guarded: Web, headers: dict[str, str]) -> None:
    """Even with the right secret."""
    answer = log_in(guarded, **headers)
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "same-origin", "Origin": "null"}, {"Origin": "null"}, {}])
def test_our_own_form_is_taken_from_any_browser(guarded: Web, headers: dict[str, str]) -> None:
    """Without a referrer browsers name no origin."""
    assert log_in(guarded, **headers).status == 303
    assert log_in(guarded, Origin=guarded.url).status == 303


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"secret=" + b"x" * 5_000, 413), (b"\xff\xfe", 400), (b"&".join([b"a=b"] * 50), 400), (b"", 401)],
)
def test_a_log_in_that_is_none_is_refused(tried: Web, body: bytes, status: int) -> None:
    """However long it is."""
    assert tried.ask("POST", "/login", body, **FORM).status == status


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example",
        "/\t/elsewhere.example",
        "x",
        "",
        "/\r\nX: y",
    ],
)
def test_a_log_in_never_leads_away(guarded: Web, elsewhere: str) -> None:
    """Only to a page of the dashboard."""
    assert log_in(guarded, after=elsewhere).headers["location"] == "/"
    page = Document(guarded.page("/login?" + urlencode({"next": elsewhere})))
    assert [field["value"] for field in page.of("input") if field["name"] == "next"] == ["/"]


def test_nothing_can_be_changed(used: Path) -> None:
    """Only GET and HEAD are answered, and looking at all pages leaves the file as it is."""
    with plain(used) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = digest(used)
    with serving(used) as web:
        for path in SHOWN:
            for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                assert web.ask(method, path).status == 405
            head = web.ask("HEAD", path)
            assert (head.status, head.body) == (200, b"")
    assert digest(used) == before


def test_a_database_that_is_away_is_told_with_the_remedy(tmp_path: Path) -> None:
    """503 until it is there; then another in its place is shown, and one of another version is not."""
    path = tmp_path / "polar-system.db"
    with started(path) as process:
        assert process.stderr is not None
        web = ready(process.stderr.readline())
        answer = web.get("/")
        assert answer.status == 503
        assert "polar db migrate creates it" in answer.text
        assert web.get("/healthz").status == 200
        seed(path)
        assert Document(web.page("/")).text.count("No budget is set.") == 0
        other = tmp_path / "other.db"
        seed(other)
        with plain(other) as connection:
            connection.execute("DELETE FROM polar_budget_policies")
        path.unlink()
        assert web.get("/").status == 503
        other.rename(path)
        assert Document(web.page("/")).text.count("No budget is set.") == 1
        with plain(path) as connection:
            connection.execute("INSERT INTO polar_schema_versions VALUES (?, 'later', 1)", (migrations.newest() + 1,))
        assert "update Polar" in web.get("/").text
        path.write_bytes(b"no database at all" * 1_000)
        assert web.get("/").status == 503
        process.terminate()
        assert "Traceback" not in process.communicate(timeout=30)[1]
        assert process.returncode == 0


@pytest.mark.slow
def test_a_damaged_table_is_told_without_its_inside(tmp_path: Path) -> None:
    """503, with what to run."""
    path = tmp_path / "polar-system.db"
    seed(path)
    with plain(path) as connection:
        connection.execute("DROP TABLE polar_daily_messages")
    with serving(path) as web:
        answer = web.get("/")
        assert answer.status == 503
        assert "polar db check" in answer.text
        assert "polar_daily_messages" not in answer.text


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_polar_web_hands_the_secret_over_unseen(used: Path, tmp_path: Path) -> None:
    """In no argument and no variable of the process; and the bot's token is not handed over at all."""
    values = {
        "telegram_bot_token": "1000000001:TOKEN",
        "database": used,
        "artifacts": tmp_path,
        "web_listen": "127.0.0.1:0",
        "web_secret": SECRET,
    }
    command = House.command("web")
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment(os.environ, values), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            web = ready(process.stderr.readline())
            told = Path(f"/proc/{process.pid}/cmdline").read_bytes() + Path(f"/proc/{process.pid}/environ").read_bytes()
            assert b"--secret-fd" in told
            assert SECRET.encode() not in told
            assert b"TOKEN" not in told
            assert web.get("/").status == 303
            assert web.get("/", Authorization=f"Bearer {SECRET}").status == 200
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
