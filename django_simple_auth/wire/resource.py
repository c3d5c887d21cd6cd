"""One path of a contract over HTTP: the one place where DRF's request cycle meets endpoints."""

from __future__ import annotations

from collections.abc import ItemsView, Mapping
from typing import Any, ClassVar, NoReturn

from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.utils import translation
from django.utils.log import log_response
from django.utils.translation import gettext_lazy as _
from django.views.debug import SafeExceptionReporterFilter
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    PermissionDenied,
    ValidationError,
)
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..authentication import TokenAuthentication, Unavailable, take_from_query
from ..exceptions import SimpleAuthError, TokenInvalid
from ..throttling import attempts
from .answers import Many, Outcome, StaticBody
from .body import JSONBody, read
from .client_ip import network
from .cookie import write_cookie
from .endpoint import Endpoint
from .refusal import Manners, Refusals, as_api_exception, as_drf_exception, by_field, override, refusal_for


class AlwaysJSON(BaseContentNegotiation):
    """Clients of these contracts read JSON, whatever their Accept header or the host's renderers say."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Crashed(APIException):
    """What a client sees of a defect; the host's log has the rest."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_code = "error"
    default_detail = _("A server error occurred.")


class HideLocals(SafeExceptionReporterFilter):
    """For error reports: passwords and tokens are in the local variables of many frames, the host's among them."""

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        return {}.items()

    def get_post_parameters(self, request: Any) -> dict[str, Any]:
        return {}


class Resource(APIView):
    """Gives each request to the endpoint of its method, and every answer and refusal the contract's shape.

    Nothing here follows the host's REST_FRAMEWORK defaults: those are for the host's own API, a contract is a promise.
    """

    endpoints: ClassVar[Mapping[str, Endpoint]]
    """By HTTP method."""
    manners: ClassVar[Manners]
    secret_parameters: ClassVar[frozenset[str]] = frozenset()
    """Query parameters that are nobody else's to see, whatever method they come with."""

    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONBody,)
    content_negotiation_class = AlwaysJSON
    throttle_classes = ()
    versioning_class = None
    metadata_class = None

    @property
    def endpoint(self) -> Endpoint | None:
        method = self.request.method or ""
        return self.endpoints.get("GET" if method == "HEAD" else method)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.exception_reporter_filter = HideLocals()
        for parameter in self.secret_parameters:
            take_from_query(request, parameter)
        if self.manners.language is None:
            return super().dispatch(request, *args, **kwargs)
        with translation.override(self.manners.language):
            return super().dispatch(request, *args, **kwargs)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # The authenticators depend on the method, and drf-spectacular comes this way without setup().
        self.request = request  # type: ignore[assignment]
        return super().initialize_request(request, *args, **kwargs)

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [cls() for cls in self.endpoint.authentication_classes] if self.endpoint else []

    def get_permissions(self) -> list[BasePermission]:
        return [cls() for cls in self.endpoint.permission_classes] if self.endpoint else []

    def get_authenticate_header(self, request: Request) -> str:
        # DRF asks the first authenticator; an endpoint that takes none can still say 401 and owes the header then.
        return super().get_authenticate_header(request) or TokenAuthentication().authenticate_header(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self.endpoint and self.endpoint.unsafe_get and _is_prefetch(request):
            raise PermissionDenied(_("A prefetch changes nothing."))
        super().initial(request, *args, **kwargs)

    def check_throttles(self, request: Request) -> None:
        if self.endpoint and self.endpoint.throttle:
            attempts.hit(self.endpoint.throttle, network(request), request=request._request)

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        if not request.successful_authenticator and any(
            isinstance(authenticator, TokenAuthentication) and authenticator.secret_of(request)
            for authenticator in request.authenticators or ()
        ):
            # Nobody took the token that was sent, and here nobody else will.
            raise AuthenticationFailed(str(TokenInvalid.message), TokenInvalid.code)
        super().permission_denied(request, message, code)
        raise AssertionError("DRF's permission_denied() always raises.")

    def answer(self, request: Request, **captured: Any) -> Response:
        """The handler of every method that has an endpoint."""
        assert self.endpoint is not None
        view = self.endpoint.view()
        view.check_open(self.endpoint.takes, self.endpoint.accepted is not None)
        values: dict[str, Any] = {}
        if self.endpoint.request is not None:
            values, errors = read(self.endpoint.request(data=request.data))
            if errors:
                for name, details in by_field(view.errors(**values), self.refusals, self.wire_names).items():
                    errors.setdefault(name, details)
                raise ValidationError(errors)
        return self.respond(view.perform(request, **values, **captured))

    get = head = post = put = patch = delete = answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=status.HTTP_204_NO_CONTENT)

    def respond(self, outcome: Outcome) -> Response:
        assert self.endpoint is not None
        shape = self.endpoint.response
        if outcome.untold:
            assert self.endpoint.accepted is not None
            response = Response(self.endpoint.accepted.body, status=status.HTTP_202_ACCEPTED)
        elif shape is None:
            response = Response(status=status.HTTP_204_NO_CONTENT)
        else:
            response = Response(_body(shape, outcome), status=self.endpoint.status)
        if self.endpoint.cookie:
            write_cookie(response, self.request, outcome)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        error = override(self.as_api_exception(exc), refusal_for(type(exc), self.refusals))
        if error.status_code == status.HTTP_401_UNAUTHORIZED:
            # Not documented: where DRF's exception handler, and those modelled on it, look for the header.
            error.auth_header = self.get_authenticate_header(self.request)  # type: ignore[attr-defined]
        response = self.manners.errors(error, self.get_exception_handler_context())
        if response is None:
            # A handler of the host's that leaves it to Django.
            raise error
        response.exception = True
        if error.status_code == status.HTTP_401_UNAUTHORIZED and self.endpoint and self.endpoint.cookie:
            # What does not open anything any more is no use to the browser.
            write_cookie(response, self.request, Outcome())
        if error.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
            got_request_exception.send(sender=type(self), request=self.request)
            # Not documented: it marks the response, so that Django does not log it a second time.
            log_response(
                "%s: %s",
                error.default_detail,
                self.request.path,
                response=response,
                request=self.request._request,
                exception=exc,
            )
        return response

    def as_api_exception(self, exc: Exception) -> APIException:
        if isinstance(exc, SimpleAuthError):
            return as_api_exception(exc, self.refusals, self.wire_names)
        exc = as_drf_exception(exc)
        if isinstance(exc, APIException):
            return exc
        if isinstance(exc, (OperationalError, InterfaceError)):
            return Unavailable()
        return Crashed()

    @property
    def refusals(self) -> Refusals:
        return {**self.manners.refusals, **(self.endpoint.refusals if self.endpoint else {})}

    @property
    def wire_names(self) -> Mapping[str, str]:
        """What the client calls the domain's fields."""
        if self.endpoint is None or self.endpoint.request is None:
            return {}
        return {str(field.source): name for name, field in self.endpoint.request().fields.items()}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        if self.secret_parameters:
            response["Referrer-Policy"] = "no-referrer"
        return response


def _body(shape: Any, outcome: Outcome) -> Any:
    if isinstance(shape, StaticBody):
        return shape.body
    if isinstance(shape, Many):
        return shape.shape(outcome.rows, many=True).data
    return shape(outcome).data


def _is_prefetch(request: Request) -> bool:
    """Whether a browser asks ahead of its user (Sec-Purpose, Fetch standard; the others are its predecessors)."""
    names = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
    return any(word in request.META.get(name, "").lower() for name in names for word in ("prefetch", "preview"))
