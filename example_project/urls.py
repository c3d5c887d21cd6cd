from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html")),
    path("admin/", admin.site.urls),
    path("accounts/", include("rest_framework.urls")),
    path("api/auth/", include("django_simple_auth.urls")),
    # Five published APIs side by side, for clients that were written against them.
    *[
        path(f"contracts/{name}/", include(f"django_simple_auth.contracts.{name}"))
        for name in ("message", "profile", "keys", "email", "presence")
    ],
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/", include("example_project.notes.urls")),
]
