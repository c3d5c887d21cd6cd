"""Notes: users see their own, and an API key needs the scope ``notes:read``."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_simple_auth.authentication import TokenAuthentication
from django_simple_auth.permissions import HasScope


class Notes(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [HasScope("notes:read")]

    def get(self, request: Request) -> Response:
        return Response({"notes_of": request.user.get_username()})
