"""djangorestframework-simplejwt: a user's name and password for an access token and a refresh token that rotates."""

import sys
from datetime import timedelta

LIFE, PASSWORD = 15, "pass word+&"


def serve(port, database):
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="a key of this test, long enough for HMAC-SHA256", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework",
                        "rest_framework_simplejwt.token_blacklist"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"]},
        SIMPLE_JWT={"ACCESS_TOKEN_LIFETIME": timedelta(seconds=LIFE), "ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True,
                    "CHECK_REVOKE_TOKEN": True})
    django.setup()

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.http import JsonResponse
    from django.urls import path
    from rest_framework.decorators import api_view, permission_classes
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.response import Response
    from rest_framework_simplejwt import views
    from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

    @api_view(["GET"])
    @permission_classes([IsAuthenticated])
    def me(request):
        return Response({"user": request.user.username})

    def revoke(request):
        """The same password set again: the hash differs, so no token issued before is accepted; refresh tokens are blacklisted."""
        user = User.objects.get(username="jo")
        user.set_password(PASSWORD)
        user.save()
        for token in OutstandingToken.objects.all():
            BlacklistedToken.objects.get_or_create(token=token)
        return JsonResponse({})

    global urlpatterns
    urlpatterns = [
        path("", lambda request: JsonResponse({})), path("me", me), path("revoke", revoke),
        path("token/", views.TokenObtainPairView.as_view()), path("token/refresh/", views.TokenRefreshView.as_view())]
    call_command("migrate", verbosity=0)
    if not User.objects.exists():
        User.objects.create_user("jo", password=PASSWORD)
    call_command("runserver", f"127.0.0.1:{port}", "--noreload", "--skip-checks")


def test(run):
    import peer

    python = peer.virtual_environment("simplejwt", "Django==5.2.19", "djangorestframework==3.18.3",
                                      "djangorestframework-simplejwt==5.5.1")
    port = peer.free_port()
    url = f"http://127.0.0.1:{port}"
    server = run.started(peer.Server([python, __file__, port, run.folder / "server.db"], run.folder / "server.log", url))
    provider = {
        "provider": "simplejwt",
        "inputs": {"base_url": {"kind": "url"}, "username": {}, "password": {"secret": True}},
        "login": [{"method": "POST", "url": "{base_url}/token/", "json": {"username": "{username}", "password": "{password}"}}],
        "token": {"from": {"json": "/access"}, "format": "jwt", "expires": [{"jwt": "exp"}], "refresh_token": {"json": "/refresh"}},
        "refresh_request": {"method": "POST", "url": "{base_url}/token/refresh/", "json": {"refresh": "{refresh_token}"}},
        "use": {"headers": {"Authorization": "Bearer {token}"}},
        "errors": {"message": [{"json": "/detail"}]},
        "verify": {"method": "GET", "url": "{base_url}/me", "headers": {"Authorization": "Bearer {token}"}},
    }
    person = {"base_url": url, "username": "jo"}
    broker = run.started(peer.Broker(run.folder, provider, {
        "main": {"provider": "simplejwt", "inputs": {**person, "password": {"value": PASSWORD}}},
        "wrong": {"provider": "simplejwt", "inputs": {**person, "password": {"value": "a wrong secret"}}},
    }))
    run.exercise(server, broker, lambda token: peer.request("GET", url + "/me", token["headers"]).status == 200, life=LIFE,
                 rotated=lambda: server.count('"POST /token/refresh/ HTTP/1.1" 200'),
                 revoke=lambda token: peer.request("POST", url + "/revoke"))
    run.check("after the revocation the refresh was refused, and a login followed in the same attempt",
              server.count('"POST /token/refresh/ HTTP/1.1" 401') == 1 and server.count('"POST /token/ HTTP/1.1" 200') == 2)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), sys.argv[2])
    else:
        import peer
        peer.main(test)
