"""One path of a contract over HTTP: the one place where DRF's request cycle meets endpoints."""

from __future__ import annotations

from collections.abc import ItemsView, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.utils import translation
from django.utils.log import log_response
from django.utils.translation import gettext_lazy as _
from django.views.debug import SafeExceptionReporterFilter
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..authentication import TokenAuthentication, django_request, take_from_query
from ..exceptions import SimpleAuthError, TokenInvalid
from ..throttling import attempts
from .answers import Accepted, Outcome, render
from .body import read
from .client_ip import network
from .cookie import refuse_foreign_form, write_cookie
from .endpoint import Endpoint, View
from .parsers import JSONBody, fields_of
from .refusal import Refusal, Refusals, as_api_exception, by_field, headers_of, refusal_for


class AlwaysJSON(BaseContentNegotiation):
    """Answers are JSON, whatever the Accept header or the project's renderers say."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class HideLocals(SafeExceptionReporterFilter):
    """For error reports: passwords and tokens are local variables of many frames, also of the project's."""

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        return {}.items()

    def get_post_parameters(self, request: Any) -> dict[str, Any]:
        return {}


class Resource(APIView):
    """Gives each request to the endpoint of its method, and every answer and refusal the contract's shape.

    Nothing here follows the project's REST_FRAMEWORK defaults: those are for its own API.
    """

    endpoints: ClassVar[Mapping[str, Endpoint]]
    """By HTTP method."""
    errors: ClassVar[staticmethod[[Exception, dict[str, Any]], Response | None]]
    """A static method, because a plain function would become a method."""
    refusals: ClassVar[Refusals] = {}
    language: ClassVar[str | None] = None
    challenge: ClassVar[str | None] = None
    secret_parameters: ClassVar[frozenset[str]] = frozenset()
    """Query parameters that nothing else may see, whichever method they come with."""

    renderer_classes = (JSONRenderer,)
    parser_classes: Sequence[type[BaseParser]] = (JSONBody,)
    content_negotiation_class = AlwaysJSON
    throttle_classes = ()
    versioning_class = None
    metadata_class = None
    format_kwarg: str | None = None

    @property
    def endpoint(self) -> Endpoint | None:
        method = self.request.method or ""
        return self.endpoints.get("GET" if method == "HEAD" else method)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.exception_reporter_filter = HideLocals()
        for parameter in self.secret_parameters:
            take_from_query(request, parameter)
        if self.language is None:
            return super().dispatch(request, *args, **kwargs)
        with translation.override(self.language):
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
        # DRF asks the first authenticator; an endpoint without any can answer 401 too, and must send the header then.
        default = TokenAuthentication().authenticate_header(request)
        return self.challenge or super().get_authenticate_header(request) or default

    def get_serializer_context(self) -> dict[str, Any]:
        """What DRF's generic views give their serializers."""
        return {"request": self.request, "view": self, "format": self.format_kwarg}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self.endpoint and self.endpoint.unsafe_get and _is_prefetch(request):
            raise PermissionDenied(_("A prefetch changes nothing."))
        super().initial(request, *args, **kwargs)
        if self.endpoint and self.endpoint.cookie:
            refuse_foreign_form(request)

    def check_throttles(self, request: Request) -> None:
        if self.endpoint and self.endpoint.throttle:
            attempts.hit(self.endpoint.throttle, network(request), request=django_request(request))

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        if not request.successful_authenticator and any(
            isinstance(authenticator, TokenAuthentication) and authenticator.secret_of(request)
            for authenticator in request.authenticators or ()
        ):
            # A token was sent and no authenticator recognised it.
            raise AuthenticationFailed(str(TokenInvalid.message), TokenInvalid.code)
        super().permission_denied(request, message, code)
        raise AssertionError("DRF's permission_denied() always raises.")

    def answer(self, request: Request, **captured: Any) -> Response:
        """The handler of every method that has an endpoint."""
        assert self.endpoint is not None
        view = self.endpoint.view(self.endpoint)
        view.context = self.get_serializer_context()
        view.check_open()
        # Not what the project's prefix captured: a view would take it for a value that the contract lets clients send.
        own = {name: captured[name] for name in self.endpoint.captures}
        return self.respond(view.perform(request, **self.read(view, request), **own))

    get = head = post = put = patch = delete = answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=status.HTTP_204_NO_CONTENT)

    def read(self, view: View, request: Request) -> dict[str, Any]:
        """The request's values by ``source``, in the right shape and past the view's guard."""
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        if view.endpoint.request is not None:
            data = fields_of(request)
            values, errors = read(view.endpoint.request(data=data, context=self.get_serializer_context()))
        try:
            if view.guard(request, values) is not None:  # type: ignore[func-returns-value]
                # A False would let everyone pass.
                raise TypeError(f"{type(view).__name__}.guard() must return None: raise a SimpleAuthError to refuse.")
        except SimpleAuthError as refused:
            if not errors or refused.field is None:
                raise
            found = [refused]
        else:
            found = view.errors(**values) if errors else []
        if errors:
            for name, details in by_field(found, self.all_refusals, self.wire_names).items():
                errors.setdefault(name, details)
            raise ValidationError(errors)
        return values

    def respond(self, answer: Outcome | Accepted) -> Response:
        assert self.endpoint is not None
        context = self.get_serializer_context()
        if isinstance(answer, Accepted):
            if self.endpoint.accepted is None:
                raise ImproperlyConfigured(f"{self.endpoint.path!r} needs Endpoint(..., accepted=...) for its view.")
            return Response(render(self.endpoint.accepted, answer, context), status=status.HTTP_202_ACCEPTED)
        if self.endpoint.response is None:
            response = Response(status=status.HTTP_204_NO_CONTENT)
        else:
            response = Response(render(self.endpoint.response, answer, context), status=self.endpoint.status)
        if self.endpoint.cookie:
            write_cookie(response, self.request, answer)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        error = as_api_exception(exc, self.all_refusals, self.wire_names)
        if error.status_code == status.HTTP_401_UNAUTHORIZED:
            # Not documented: where DRF's exception handler, and those modelled on it, look for the header.
            error.auth_header = self.get_authenticate_header(self.request)  # type: ignore[attr-defined]
        response = self.refuse(exc, error, refusal_for(type(exc), self.all_refusals))
        if error.status_code == status.HTTP_401_UNAUTHORIZED and self.endpoint and self.endpoint.cookie:
            # The browser's token no longer grants access.
            write_cookie(response, self.request, Outcome())
        if error.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
            got_request_exception.send(sender=type(self), request=self.request)
            # Not documented: it marks the response, so that Django does not log it a second time.
            log_response(
                "%s: %s",
                error.default_detail,
                self.request.path,
                response=response,
                request=django_request(self.request),
                exception=exc,
            )
        return response

    def refuse(self, cause: Exception, error: APIException, refusal: Refusal) -> Response:
        """The answer to ``cause``, which DRF calls ``error``: in the refusal's own shape, or in the contract's."""
        if refusal.body is not None:
            body = render(refusal.body, cause, self.get_serializer_context())
            response = Response(body, status=error.status_code, headers=headers_of(error))
        elif (shaped := self.errors(error, self.get_exception_handler_context())) is not None:
            response = shaped
        else:
            # The project's exception handler leaves it to Django.
            raise error
        for name, value in refusal.headers.items():
            response[name] = value
        response.exception = True
        return response

    @property
    def all_refusals(self) -> Refusals:
        """The contract's, and the endpoint's over them."""
        return {**self.refusals, **(self.endpoint.refusals if self.endpoint else {})}

    @property
    def wire_names(self) -> Mapping[str, str]:
        """What the client calls the services' fields."""
        if self.endpoint is None or self.endpoint.request is None:
            return {}
        fields = self.endpoint.request(context=self.get_serializer_context()).fields
        return {str(field.source): name for name, field in fields.items()}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        if self.secret_parameters:
            response["Referrer-Policy"] = "no-referrer"
        return response


def _is_prefetch(request: Request) -> bool:
    """Whether a browser asks ahead of its user (Sec-Purpose, Fetch standard; the others are its predecessors)."""
    names = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
    return any(word in request.META.get(name, "").lower() for name in names for word in ("prefetch", "preview"))
