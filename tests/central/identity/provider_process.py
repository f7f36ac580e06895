"""A real OpenID provider, canaille, as a process of its own on loopback.

It is told of clients and people on standard input, one JSON object a line, and answers each with a
line; what it does about signing in, tokens and keys is its own.
"""

import json
import sys
import threading
from collections.abc import Sequence
from typing import Any

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

_KEYS: list[dict[str, Any]] = []


def _new_key() -> dict[str, Any]:
    key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    return key.as_dict(private=True)


def _forget_codes() -> None:
    """Drop codes that nobody fetched: this store, made for trials, mixes them with newer ones."""
    for code in Backend.instance.query(models.AuthorizationCode):
        Backend.instance.delete(code)


def _set_groups(user: Any, names: Sequence[str]) -> None:  # noqa: ANN401 - canaille has no types
    for group in [*user.groups]:
        if group.display_name not in names:
            group.members = [each for each in group.members if each.user_name != user.user_name]
            save = Backend.instance.save if group.members else Backend.instance.delete
            save(group)
    for name in names:
        group = Backend.instance.get(models.Group, display_name=name)
        members = [] if group is None else [*group.members]
        group = group or models.Group(display_name=name, members=[user])
        group.members = [*members, user]
        Backend.instance.save(group)


def _do(app: Any, wish: dict[str, Any]) -> None:  # noqa: ANN401 - canaille publishes no types
    with app.app_context(), Backend.instance.session():
        if wish["do"] == "client":
            client = models.Client(
                client_id=wish["client_id"],
                client_secret=wish["client_secret"],
                client_name="Menshen",
                client_uri="http://127.0.0.1",  # trusted, so that nobody is asked for consent
                redirect_uris=[wish["redirect_uri"]],
                post_logout_redirect_uris=[wish["after"]],
                grant_types=["authorization_code"],
                response_types=["code"],
                scope=["openid", "profile", "email", "groups"],
                token_endpoint_auth_method="client_secret_basic",
            )
            Backend.instance.save(client)
            client.audience = [client]
            Backend.instance.save(client)
        elif wish["do"] == "person":
            _forget_codes()
            user = Backend.instance.get(models.User, user_name=wish["name"])
            if user is not None:
                _set_groups(user, ())
                _set_groups(user, wish["groups"])
                return
            user = models.User(
                user_name=wish["name"],
                formatted_name=wish["name"],
                display_name=wish["name"],
                family_name=wish["name"],
                emails=[wish["email"]],
                password=wish["password"],
            )
            Backend.instance.save(user)
            _set_groups(user, wish["groups"])
        elif wish["do"] == "forget":
            user = Backend.instance.get(models.User, user_name=wish["name"])
            _forget_codes()
            Backend.instance.delete(user)
        elif wish["do"] == "rotate":
            _KEYS[:] = [_new_key()]
            app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [*_KEYS]


def _say(answer: dict[str, str]) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    _KEYS.append(_new_key())
    app = create_app(
        {
            "SECRET_KEY": "only-for-tests-0123456789abcdef-0123456789",
            "CANAILLE": {
                "DATABASE": "memory",
                "LOGGING": {"version": 1, "disable_existing_loggers": True},
            },
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [*_KEYS]},
        }
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _say({"url": f"http://localhost:{server.server_port}/"})
    for line in sys.stdin:
        _do(app, json.loads(line))
        _say({})
    server.shutdown()


if __name__ == "__main__":
    main()
