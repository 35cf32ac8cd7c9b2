"""django-oauth-toolkit: client credentials, and passwords with rotating refresh tokens."""

import sys

LIFE = 15
SECRET, PASSWORD = "s3cret of the+client/=", "pass word+&"


def serve(port, database):
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="a key of this test", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        OAUTH2_PROVIDER={"ACCESS_TOKEN_EXPIRE_SECONDS": LIFE, "SCOPES": {"read": "read"}, "REFRESH_TOKEN_REUSE_PROTECTION": True})
    django.setup()

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.http import JsonResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt
    from oauth2_provider.decorators import protected_resource
    from oauth2_provider.models import get_application_model
    from oauth2_provider.views import RevokeTokenView, TokenView

    @protected_resource()
    def me(request):
        return JsonResponse({"user": str(request.resource_owner)})

    @csrf_exempt
    def token(request):
        answer = TokenView.as_view()(request)
        print("grant", request.POST.get("grant_type"), answer.status_code, flush=True)
        return answer

    global urlpatterns
    urlpatterns = [path("", lambda request: JsonResponse({})), path("me", me), path("token/", token),
                   path("revoke/", RevokeTokenView.as_view())]
    call_command("migrate", verbosity=0)
    if not User.objects.exists():
        User.objects.create_user("jo", password=PASSWORD)
        for name, grant in (("machine", "client-credentials"), ("person", "password")):
            get_application_model().objects.create(name=name, client_id=name, client_secret=SECRET, client_type="confidential",
                                                   authorization_grant_type=grant)
    call_command("runserver", f"127.0.0.1:{port}", "--noreload", "--skip-checks")


def test(run):
    import peer

    python = peer.virtual_environment("django_oauth_toolkit", "Django==5.2.19", "django-oauth-toolkit==3.4.1")
    port = peer.free_port()
    url = f"http://127.0.0.1:{port}"
    server = run.started(peer.Server([python, __file__, port, run.folder / "server.db"], run.folder / "server.log", url))
    providers = peer.oauth2_providers(
        "/token/", {"method": "GET", "url": "{base_url}/me", "headers": {"Authorization": "Bearer {token}"}},
        [{"status": 403}])  # protected_resource answers 403 to an invalid token
    known, wrong = {"base_url": url, "client_secret": {"value": SECRET}}, {"value": "a wrong secret"}
    person, machine = {**known, "client_id": "person", "username": "jo"}, {**known, "client_id": "machine"}
    broker = run.started(peer.Broker(run.folder, providers, {
        "main": {"provider": "person", "inputs": {**person, "password": {"value": PASSWORD}}},
        "machine": {"provider": "machine", "inputs": machine},
        "wrong": {"provider": "person", "inputs": {**person, "password": wrong}},
        "wrong-client": {"provider": "machine", "inputs": {**machine, "client_secret": wrong}},
    }))

    def revoke(token):
        return peer.request("POST", url + "/revoke/", form={
            "token": token["access_token"], "client_id": "person", "client_secret": SECRET})
    run.exercise(server, broker, lambda token: peer.request("GET", url + "/me", token["headers"]).status == 200, life=LIFE,
                 others=["machine"], rotated=lambda: server.count("^grant refresh_token 200"), refusal=403, revoke=revoke)
    run.is_latched(broker, "wrong-client", 15)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), sys.argv[2])
    else:
        import peer
        peer.main(test)
