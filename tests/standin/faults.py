"""All that the API has been seen to do instead of answering, by a name for each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PROBLEMS = "https://api.twitter.com/2/problems"
_PAGE = "<!DOCTYPE html><html><title>Over capacity</title><body>Try again.</body></html>"


@dataclass(frozen=True)
class Fault:
    """A bad answer: with a status and a body, or one that breaks off or takes its time."""

    status: int
    body: Any = None  # JSON, or a string to be sent as HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    # "drop" closes without an answer, "reset" does so rudely, "half", "half_chunked" and
    # "half_json" end within the body, "slow" and "trickle" take time.
    how: str = "whole"
    reset_in: float | None = None  # seconds until the rate limit's reset, for its header


def _problem(title: str, kind: str, detail: str, **more: Any) -> dict[str, Any]:
    address = kind if kind.startswith("about:") else f"{_PROBLEMS}/{kind}"
    return {"title": title, "detail": detail, "type": address, **more}


_TOO_MANY = _problem("Too Many Requests", "about:blank", "Too Many Requests", status=429)
_CAPPED = _problem(
    "UsageCapExceeded",
    "usage-capped",
    "Usage cap exceeded: Monthly product cap",
    account_id=1949,
    product_name="standard-basic",
    period="Monthly",
    scope="Product",
)

# Bodies as they were seen in logs and test suites of others, where such were found.
FAULTS: dict[str, Fault] = {
    "unauthorized": Fault(401, _problem("Unauthorized", "about:blank", "Unauthorized", status=401)),
    "not_enrolled": Fault(
        403,
        _problem(
            "Client Forbidden",
            "client-forbidden",
            "When authenticating requests to the Twitter API v2 endpoints, you must use keys and "
            "tokens from a Twitter developer App that is attached to a Project.",
            client_id="1",
            registration_url="https://developer.twitter.com/en/docs/projects/overview",
            required_enrollment="Appropriate Level of API Access",
            reason="client-not-enrolled",
        ),
    ),
    "wrong_token": Fault(
        403,
        _problem(
            "Unsupported Authentication",
            "unsupported-authentication",
            "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
            status=403,
        ),
    ),
    "forbidden": Fault(
        403,
        _problem(
            "Forbidden",
            "about:blank",
            "Your account is not permitted to access this feature.",
            status=403,
        ),
    ),
    "no_credits": Fault(
        402,
        _problem(
            "CreditsDepleted",
            "credits",
            "Your enrolled account [1949] does not have any credits to fulfill this request.",
            account_id=1949,
        ),
    ),
    "spend_cap": Fault(
        403,
        _problem(
            "SpendCapReached",
            "spend-cap-reached",
            "Your enrolled account [1949] has reached its spend cap.",
            account_id=1949,
        ),
    ),
    "monthly_cap": Fault(429, _CAPPED, reset_in=900),
    "monthly_402": Fault(402, _CAPPED),
    "rate_limit": Fault(429, _TOO_MANY, reset_in=600),
    "rate_no_reset": Fault(429, _TOO_MANY),
    "rate_past": Fault(429, _TOO_MANY, reset_in=-30),
    "rate_html": Fault(429, _PAGE, reset_in=60),
    "bad_request": Fault(
        400,
        _problem(
            "Invalid Request",
            "invalid-request",
            "One or more parameters to your request was invalid.",
            errors=[{"parameters": {"id": ["x"]}, "message": "The `id` is not valid"}],
        ),
    ),
    "e500": Fault(500, _problem("Internal Server Error", "about:blank", "", status=500)),
    "e502": Fault(502, _PAGE),
    "e503": Fault(503, _PAGE, {"Retry-After": "2"}),
    "e503_json": Fault(503, _problem("Service Unavailable", "about:blank", "", status=503)),
    "e503_list": Fault(503, [1, 2]),
    "html": Fault(200, _PAGE),
    "list": Fault(200, [1, 2]),
    "empty_object": Fault(200, {}),
    "errors_null": Fault(403, {"errors": None}),
    "internal": Fault(
        200, {"errors": [_problem("Internal Error", "internal-error", "Something broke.")]}
    ),
    "half_answered": Fault(
        200,
        {
            "errors": [
                _problem("Internal Error", "internal-error", "Something broke."),
                _problem(
                    "Not Found Error", "resource-not-found", "Could not find it.", resource_id="2"
                ),
            ]
        },
    ),
    "echo_token": Fault(
        403, _problem("Forbidden", "about:blank", "You sent Bearer stand-in-token.", status=403)
    ),
    "firewall": Fault(403, _PAGE),
    "not_found": Fault(404, _PAGE),
    "redirect": Fault(302, _PAGE, {"Location": "https://example.org/login"}),
    "hostile": Fault(
        403, _problem("\x1b[2J\u202eForbidden", "about:blank", "\x1b]0;owned\x07" + "A" * 9000)
    ),
    "drop": Fault(0, how="drop"),
    "reset": Fault(0, how="reset"),
    "half": Fault(200, how="half"),
    "half_chunked": Fault(200, how="half_chunked"),
    "half_json": Fault(200, how="half_json"),
    "slow": Fault(200, how="slow"),
    "trickle": Fault(200, how="trickle"),
}


def body_of(fault: Fault) -> tuple[bytes, str]:
    """The bytes of a fault's body and their type."""
    if isinstance(fault.body, str):
        return fault.body.encode(), "text/html; charset=utf-8"
    return json.dumps(fault.body).encode(), "application/json; charset=utf-8"
