"""Prints the URL of a signed request to Pusher's HTTP API, by the documentation alone and with nothing but the standard library."""

import hashlib
import hmac
import json
import sys
from urllib.parse import quote, urlencode

call = json.load(sys.stdin)
params = dict(call["params"])
params.update(auth_key=call["key"], auth_timestamp=str(call["timestamp"]), auth_version="1.0")
body = call["body"].encode("utf-8")
if body:
    params["body_md5"] = hashlib.md5(body).hexdigest()
to_sign = "\n".join(
    [call["method"], call["path"], "&".join(f"{key}={params[key]}" for key in sorted(params))]
)
params["auth_signature"] = hmac.new(
    call["secret"].encode("utf-8"), to_sign.encode("utf-8"), hashlib.sha256
).hexdigest()
print(quote(call["path"]) + "?" + urlencode(params, quote_via=quote))
