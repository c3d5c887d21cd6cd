"""Notes: the first message is ``{"token": "..."}``, because a browser cannot send a header with a WebSocket."""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from django_simple_auth import sessions
from django_simple_auth.exceptions import TokenRejected

UNAUTHENTICATED = 4401


class Notes(AsyncJsonWebsocketConsumer):
    token: str | None = None

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        if self.token is None:
            self.token = str(content.get("token")) if isinstance(content, dict) else ""
        try:
            # At each message: the session may have ended while the socket is open.
            auth = await sessions.aresume(self.token)
        except TokenRejected as refused:
            await self.close(code=UNAUTHENTICATED, reason=refused.code)
        else:
            await self.send_json({"notes_of": auth.user.get_username()})
