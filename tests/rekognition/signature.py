"""AWS Signature Version 4: whether a request was signed by one of the keys that are known."""

import datetime
import hashlib
import hmac
import re
import urllib.parse

HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request, ?"
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Refused(Exception):
    """`name` is the service's error, and the message its words."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def check(method, path, headers, body, keys, service="rekognition", now=None):
    """The access key id, where the signature is right. `headers`: names in lower case. `keys`: id to secret."""
    found = HEADER.fullmatch(headers.get("authorization", ""))
    if not found:
        raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    secret = keys.get(found["key"])
    if secret is None:
        raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
    if found["service"] != service:
        raise Refused("InvalidSignatureException", f"Credential should be scoped to correct service: '{service}'.")
    signed = found["signed"].split(";")
    if "host" not in signed or "x-amz-date" not in signed:
        raise Refused("InvalidSignatureException", "'Host' and 'X-Amz-Date' must be signed headers.")
    stamp = headers.get("x-amz-date", "")
    age(stamp, now)
    parts = urllib.parse.urlsplit(path)
    canonical = "\n".join([
        method,
        urllib.parse.quote(parts.path or "/", safe="/-_.~"),
        parts.query,
        "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed),
        ";".join(signed),
        hashlib.sha256(body).hexdigest(),
    ])
    scope = f"{found['date']}/{found['region']}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, found["signature"]):
        raise Refused("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
    return found["key"], found["region"]


def age(stamp, now):
    try:
        at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Refused("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'.") from None
    now = now or datetime.datetime.now(datetime.timezone.utc)
    if abs((now - at).total_seconds()) > 300:
        raise Refused("InvalidSignatureException", "Signature expired.")
