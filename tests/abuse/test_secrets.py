"""What only the operator knows is told to nobody: not in the log, a message, the database, a file, the process list."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from emulator.model import Answer, ModelServer
from tests.faults.machine import started
from tests.house import TOKEN, House
from tests.looking import files_with, idle, mentions
from tests.model import KEY, to_model

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")]

HOOK = "a-webhook-secret-that-nobody-guesses"
SECRETS = (TOKEN.partition(":")[2], KEY, HOOK)
FAULTS = ("500", "cut", "cut_after", "404-html", "502-html", "429", "garbage", "400:no")


def listed(pid: int) -> bytes:
    """What everybody on the machine sees of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_token_key_and_secret_are_told_to_nobody_whatever_goes_wrong(house: House) -> None:
    """Telegram and the model fail in every way, and the model says the key aloud in what it refuses with."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        listen = f"127.0.0.1:{found.getsockname()[1]}"
    hook = {"webhook_url": f"http://{listen}/updates", "webhook_listen": listen, "webhook_secret": HOOK}
    ann, chat = house.chat()
    async with ModelServer() as server, started(house, **to_model(server, **hook)) as run:
        for status in (401, 404, 429, 500, 200):
            server.model.otherwise = Answer(text="hello", status=status, message=f"wrong key: {KEY}", code=KEY)
            house.world.say(chat, ann, f"question {status}")
            await idle(house)
        for kind in FAULTS:
            house.world.fault("sendMessage", kind)
            house.world.say(chat, ann, f"/whoami {kind}")
            await idle(house)
        for text in ("/help", "/status", "/budget", "/export", "/memory export"):
            house.world.say(chat, ann, text)
        await idle(house)
        arguments = listed(run.process.pid)
        run.process.send_signal(signal.SIGTERM)
        assert await run.end() == 0
    said = [str(call.params) for call in house.world.calls if call.method != "setWebhook"]
    documents = "".join(house.world.files.values()).encode()
    for secret in SECRETS:
        assert [line for line in run.lines if secret in line] == []
        assert [text for text in said if secret in text] == []
        assert mentions(house, secret) == set()
        assert secret.encode() not in arguments + documents
        assert files_with(house, secret) == []
    assert len(run.lines) > 5
