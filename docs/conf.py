import django
from django.conf import settings

# autodoc imports our models, so Django has to be set up.
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "django_simple_auth"]
)
django.setup()

project = "django-simple-auth-api"
copyright = "the django-simple-auth contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = project
myst_heading_anchors = 3
