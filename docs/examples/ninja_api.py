"""Notes: users see their own, and an API key needs the scope ``notes:read``."""

from typing import Any

from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.security import HttpBearer

from django_simple_auth import sessions
from django_simple_auth.exceptions import TokenRejected
from django_simple_auth.models import AuthToken


class TokenAuth(HttpBearer):
    async def authenticate(self, request: Any, token: str) -> AuthToken | None:
        try:
            auth = await sessions.aresume(token, request)
        except TokenRejected:
            return None  # Ninja answers with 401.
        request.user = auth.user
        return auth  # Ninja calls it request.auth.


api = NinjaAPI(auth=TokenAuth())


@api.get("/notes")
async def notes(request: Any) -> dict[str, str]:
    if request.auth.purpose == AuthToken.Purpose.KEY and "notes:read" not in request.auth.scopes.split():
        raise HttpError(403, "This API key lacks the required scope.")
    return {"notes_of": request.user.get_username()}
