"""Notes: a plain Django view for clients that send a token."""

from typing import Any

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

UNAUTHENTICATED = {"status": 401, "headers": {"WWW-Authenticate": "Token"}}


# Safe because it requires a token: a browser sends cookies along by itself, but never a token.
@csrf_exempt
async def notes(request: Any) -> JsonResponse:
    user = await request.auser()
    if request.auth is None:
        return JsonResponse({"detail": "Authentication required."}, **UNAUTHENTICATED)
    return JsonResponse({"notes_of": user.get_username()})
