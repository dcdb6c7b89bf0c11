"""A browser in two plain words, from what it calls itself: enough to know one's own in a list."""

# The first that fits: most of them call themselves by the names of the others, too.
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("QQBrowser", "QQBrowser"),
    ("360SE", "360"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(agent: str) -> str:
    """Edge · Windows; empty for what is none of the usual ones."""
    return " · ".join(
        name for known in (_BROWSERS, _SYSTEMS) if (name := next((name for sign, name in known if sign in agent), ""))
    )
