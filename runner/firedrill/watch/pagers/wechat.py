"""WeChat Work's API, as Alertmanager speaks it: a call for a token, then one text.

Pure. WeChat has no title, and tells neither the group nor its alerts. The call for a token is answered and no message.
"""

from collections.abc import Mapping

from firedrill.watch.pagers.message import Answer, Message, jsoned, said_status, tidy


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message | None:
    if path == "/gettoken":
        return None
    if path != "/message/send":
        raise ValueError(f"WeChat has no call {path}")
    data = jsoned(body, headers, "a WeChat message")
    text = tidy(data[data["msgtype"]]["content"])
    return Message(status=said_status(text), integration="wechat", text=text)


def answer(path: str, body: bytes) -> Answer:
    return Answer(body='{"errcode": 0, "errmsg": "ok", "access_token": "captured", "expires_in": 7200}')
