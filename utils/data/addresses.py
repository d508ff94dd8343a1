"""Addresses of mirrors and proxies: what may be shown of them, and how their names, passwords and tokens are used.

A password or a token can stand before the host, in the path or behind the question mark. So a message shows scheme and
host and nothing else, and requests get the address without the user's name and password, because libraries repeat
addresses in their errors.
"""

import hashlib
import os
import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit


def is_web(address: str) -> bool:
    """True for http:// and https://, in whatever case."""
    return address.lower().startswith(("http://", "https://"))


def host_of(address: str) -> str:
    """Scheme, host and port, which is all that a message shows of an address: "https://host/".

    An address that cannot be taken apart with certainty keeps its host for itself: "https://.../". That is one with an
    `@` behind what looks like its host, as when a password holds an unescaped slash.
    """
    parts = _split(address)
    return f"{parts.scheme}://{_host(parts) if parts.netloc else '...'}/" if parts else "the address"


def usable(address: str) -> bool:
    """True when the address is http or https and names a host that can exist."""
    try:
        parts = urlsplit(address)
        parts.hostname.encode("idna")
        certain = bool(_split(address).netloc) or not re.search("[:@]", parts.netloc)
        return is_web(address) and certain and parts.port != 0
    except (ValueError, AttributeError):  # no host, or one with an empty or endless part; a port that is no number
        return False


def server_of(address: str) -> str:
    """Scheme, host and port without user name and password, for asking the server itself."""
    parts = urlsplit(without_login(address)[0])
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"


def folder_name(address: str) -> str:
    """A name for the files of this address: its host, and a hash of its path. It stays when a password or token changes."""
    parts = _split(address)
    host = _host(parts) if parts and parts.netloc else "mirror"
    path = parts.path.rstrip("/") if parts else ""
    digest = hashlib.sha256(f"{host}{path}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '_', host)[:60]}-{digest}"


def join(address: str, name: str) -> str:
    """The address of `name` below `address`; what stands behind a question mark stays behind it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"{address}/{name}"
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def without_login(address: str) -> tuple[str, tuple[bytes, bytes] | None]:
    """The address without user name and password, and those two, for an HTTP library."""
    parts = _split(address)
    if not parts or "@" not in parts.netloc:
        return address, None
    login, host = parts.netloc.rsplit("@", 1)
    user, _, password = login.partition(":")
    return urlunsplit(parts._replace(netloc=host)), (unquote(user).encode(), unquote(password).encode())


def proxy_for(address: str) -> tuple[str, str]:
    """(the proxy's address as it may be shown, where it is set) for requests to `address`; two empty strings without one."""
    import requests

    try:
        proxy = requests.utils.select_proxy(address, requests.utils.get_environ_proxies(address, no_proxy=None))
    except ValueError:
        return "", ""
    if not proxy:
        return "", ""
    scheme = address.partition("://")[0].lower()
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    where = next((name for name in names if os.environ.get(name)), "the system's settings")
    return host_of(proxy if "://" in proxy else f"http://{proxy}"), where


def _split(address: str) -> SplitResult | None:
    """The parts of an address, without a host where it is not certain what the host is; None when it has none at all."""
    if "://" not in address:
        return None
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises ValueError for a port that is no number
    except ValueError:
        return SplitResult(address.partition("://")[0], "", "", "", "")
    if "@" in parts.path + parts.query + parts.fragment:
        return parts._replace(netloc="")
    return parts


def _host(parts: SplitResult) -> str:
    return parts.netloc.rsplit("@", 1)[-1]
