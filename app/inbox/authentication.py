"""What the office's own mail server found out about a mail's sender (Authentication-Results, RFC 8601)."""

import re

from app.inbox.received import Headers

_COMMENT = re.compile(r"\([^()]{0,500}\)")
_RESULT = re.compile(r"\b(dmarc|spf|dkim)\s{0,3}=\s{0,3}(\w+)", re.IGNORECASE)


def failed_checks(headers: Headers, trusted: str | None) -> list[str]:
    """The checks that failed, by name; none where no server is trusted or it said nothing.

    Its own header has to be the server's: a good one removes headers in its name that came from outside (section 5).
    A sender who writes one himself can only make it worse, because every header counts. Passed DMARC outweighs the
    others in the same header: forwarding breaks SPF.
    """
    if not trusted:
        return []
    failed: dict[str, None] = {}
    for value in headers.get("authentication-results", ()):
        said = _COMMENT.sub(" ", value)
        server = said.strip().split(";")[0].split()
        if not server or server[0].lower() != trusted.lower():
            continue
        results = [(name.lower(), result.lower()) for name, result in _RESULT.findall(said)]
        if ("dmarc", "pass") not in results:
            failed |= dict.fromkeys(name.upper() for name, result in results if result == "fail")
    return list(failed)
