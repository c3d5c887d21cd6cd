"""For a page in a browser: the token is in a cookie that scripts cannot read."""

from django_simple_auth.authentication import CookieTokenAuthentication
from django_simple_auth.contracts.errors import non_field_errors
from django_simple_auth.contracts.native import Account, Credentials
from django_simple_auth.views import LogIn, LogOut, ShowAccount
from django_simple_auth.wire import Contract, Endpoint

IN_COOKIE = (CookieTokenAuthentication,)

contract = Contract(
    Endpoint("login/", LogIn, request=Credentials, response=Account, cookie=True),
    Endpoint("logout/", LogOut, authentication_classes=IN_COOKIE, cookie=True),
    Endpoint("me/", ShowAccount, response=Account, authentication_classes=IN_COOKIE),
    errors=non_field_errors,
)
app_name = "browser"
urlpatterns = contract.urls
