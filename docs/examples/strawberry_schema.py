"""Notes: needs our middleware, which sets ``auser`` of the request."""

from typing import Any

import strawberry
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import AsyncGraphQLView
from strawberry.permission import BasePermission


class HasToken(BasePermission):
    message = "Authentication required."

    async def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        request = info.context.request
        await request.auser()
        return request.auth is not None


@strawberry.type
class Query:
    @strawberry.field(permission_classes=[HasToken])
    async def notes_of(self, info: strawberry.Info) -> str:
        user = await info.context.request.auser()
        return user.get_username()


# Safe because each field requires a token, not only a session.
graphql = csrf_exempt(AsyncGraphQLView.as_view(schema=strawberry.Schema(Query)))
