"""Asks servers, and says in words why one cannot be reached.

A cause is read off the exception that the operating system, the TLS library or the proxy raised, never guessed from what
usually goes wrong. That exception stays the `__cause__` of ours; those that libraries wrap around it repeat addresses,
and with them passwords and tokens, so they are left behind.
"""

import contextlib
import errno
import http
import logging
import os
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import addresses

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # the variables that requests reads, in its order
_ESCAPES = "and write @ in a password as %40, / as %2F, : as %3A, # as %23"


@dataclass(frozen=True)
class Cause:
    """Why a server cannot be reached, and what to do about it where that is not simply to check the network.

    `hopeless` causes do not pass within seconds, so another attempt is no use.
    """

    reason: str
    remedy: str = ""
    hopeless: bool = True

    def __str__(self) -> str:
        return f"{self.reason}, so {self.remedy}" if self.remedy else self.reason


INVALID = Cause("its address is not a valid one", f"correct it, {_ESCAPES}")


class Unreachable(Exception):
    """A request found no server. `cause` says why; `__cause__` is the exception underneath."""

    def __init__(self, cause: Cause):
        super().__init__(str(cause))
        self.cause = cause


def request(method: str, address: str, **options):
    """The response of `requests.request`, whatever its status. Raises `Unreachable`, whatever goes wrong."""
    import requests

    plain, login = addresses.without_login(address)
    if not addresses.usable(address):
        raise Unreachable(INVALID)
    try:
        with _quiet_logs():
            return requests.request(method, plain, auth=login, **options)
    except Exception as error:  # proxies, certificates and addresses bring up the errors of four libraries
        caught = error
    failure, underneath = Unreachable(cause_of(caught, plain, options.get("timeout"))), _without_addresses(caught)
    del caught
    raise failure from underneath  # here and not in the handler, where the library's error would stay attached


@contextlib.contextmanager
def _quiet_logs() -> Iterator[None]:
    """Keep urllib3 from logging the paths of requests, tokens included, where a program logs everything."""

    def passes(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING and "url" not in record.getMessage()

    log = logging.getLogger("urllib3.connectionpool")
    log.addFilter(passes)
    try:
        yield
    finally:
        log.removeFilter(passes)


# ── Causes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def cause_of(error: Exception, address: str, timeout=None) -> Cause:
    """The cause of an exception that a request to `address` raised, in words.

    `timeout` is what the request was given: seconds, or a pair of those for connecting and for each answer.
    """
    asked = getattr(getattr(error, "request", None), "url", None) or address  # a redirect leads elsewhere
    found = list(_chain(error))
    proxy, where = addresses.proxy_for(asked)
    answered = next((m for e in found if (m := re.search(r"Tunnel connection failed: (\d{3})", str(e)))), None)
    if answered:
        return proxy_answer(int(answered[1]), asked)
    for underneath in reversed(found):
        cause = _certificate(underneath) or _time(found, timeout, proxy) or _connection(underneath, asked, proxy, where)
        if cause:
            return cause
    names = {type(e).__name__ for e in found}
    if "SOCKS" in str(error):
        return Cause(f"the proxy {proxy} is a SOCKS proxy", "run `python -m pip install pysocks` and start Python again")
    if names & {"InvalidProxyURL", "ProxySchemeUnknown"} or (proxy and names & {"InvalidURL", "LocationParseError"}):
        return Cause("the address of the proxy is not a valid one", f"correct {where}, {_ESCAPES}")
    if "TooManyRedirects" in names:
        return Cause("the server sends from one address to the next without end")
    port = any(type(e) is ValueError and "port" in str(e).lower() for e in found)
    if port or names & {"InvalidURL", "InvalidSchema", "MissingSchema", "LocationParseError"}:
        return Cause("the server points to an address that is not a valid one")
    bundle = unusable_bundle()
    if bundle and asked.lower().startswith("https"):
        return bundle
    return Cause(f"the connection fails with {type(found[-1]).__name__}", hopeless=False)


def _certificate(error: BaseException) -> Cause | None:
    foreign = type(error).__name__ == "CertificateError"  # urllib3's own, when it compares the names itself
    if foreign or isinstance(error, ssl.SSLCertVerificationError):
        code = 62 if foreign else getattr(error, "verify_code", 0)
        if code in (9, 10):
            state = "has expired" if code == 10 else "is not valid yet"
            return Cause(f"its certificate {state}", "check the date and time of this computer")
        if code in (62, 63, 64) or "match" in str(error).lower():
            return Cause("its certificate is that of another host", "see whether a log-in page or a filter stands in between")
        return unusable_bundle() or Cause(
            "its certificate is signed by nobody whom this computer trusts",
            f"ask those who run the network for their certificate file and set {BUNDLES[0]} to it",
        )
    if isinstance(error, ssl.SSLError):
        code = getattr(error, "reason", None)
        if not isinstance(code, str):
            return unusable_bundle()
        reason = f"no secure connection comes about, not even a certificate is shown ({code})"
        return unusable_bundle() or Cause(reason, hopeless=not isinstance(error, ssl.SSLEOFError))
    if type(error) is OSError and "TLS" in str(error):  # requests, before it connects
        return unusable_bundle() or Cause("a certificate file is missing", "correct the variables that name one")
    return None


def unusable_bundle(names: tuple[str, ...] = BUNDLES) -> Cause | None:
    """What is wrong with the file of trusted certificates, the variable or package that names it included."""
    where = next((name for name in names if os.environ.get(name)), "")
    if where:
        path, remedy = os.environ[where], f"correct or unset {where}"
        named = f"the certificate file that {where} names, {path},"
    else:
        import certifi

        path, remedy = certifi.where(), "run `python -m pip install --force-reinstall certifi`"
        named = f"the certificate file of the package certifi, {path},"
    if not os.path.exists(path):
        return Cause(f"{named} does not exist", remedy)
    try:
        if os.path.isdir(path):
            if not any(Path(path).iterdir()):
                return Cause(f"{named} is an empty folder", remedy)
        else:
            ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        return Cause(f"{named} holds no certificate that can be read", remedy)
    except OSError as error:
        return Cause(f"{named} cannot be read ({error.strerror})", remedy)
    return None


def proxy_answer(status: int, address: str) -> Cause:
    """The cause when the proxy in between answers for itself with an error."""
    proxy, where = addresses.proxy_for(address)
    proxy = f"the proxy {proxy}" if proxy else "a proxy in between"
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        variable = where if where.isidentifier() else "HTTPS_PROXY"
        remedy = f"set {variable} to http://name:password@host:port, or use another network"
        return Cause(f"{proxy} asks for a user name and a password (error 407)", remedy)
    passing = status in (408, 425, 429) or status >= 500
    return Cause(f"{proxy} answered with error {status}", "ask those who run it, or use another network", not passing)


def _time(found: list[BaseException], timeout, proxy: str) -> Cause | None:
    if not any(isinstance(error, TimeoutError) or "Timeout" in type(error).__name__ for error in found):
        return None
    reading = any("ReadTimeout" in type(error).__name__ for error in found)
    seconds = timeout[reading] if isinstance(timeout, tuple) else timeout
    who = f"the proxy {proxy}" if proxy else "the server"
    span = f" ({'it sent nothing for' if reading else 'waited'} {seconds:g} s)" if seconds else ""
    return Cause(f"{who} does not answer{span}", hopeless=False)


def _connection(error: BaseException, asked: str, proxy: str, where: str) -> Cause | None:
    who = f"the proxy {proxy}" if proxy else ""
    correct = f"correct or unset {where}" if where.isidentifier() else f"correct {where}"
    remedy = correct if proxy else ""
    if isinstance(error, socket.gaierror):
        if error.errno == getattr(socket, "EAI_AGAIN", None):
            return Cause("no name server answers that would find " + (who or f"the host of {addresses.host_of(asked)}"))
        return Cause(f"the host name of {who or addresses.host_of(asked)} is not found", remedy)
    if isinstance(error, ConnectionRefusedError):
        return Cause(f"{who} refuses the connection" if who else "the connection is refused", remedy)
    if isinstance(error, ConnectionError) and type(error).__module__ == "builtins":
        return Cause(f"the connection {f'to {who} ' if who else ''}broke", hopeless=False)
    if type(error).__name__ in ("RemoteDisconnected", "IncompleteRead"):
        return Cause("the connection broke", hopeless=False)
    code = getattr(error, "errno", None)
    if code in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, getattr(errno, "EHOSTDOWN", None)):
        return Cause("no way leads to that network", "check that this computer is connected")
    if isinstance(error, OSError) and isinstance(code, int) and error.strerror and type(error).__module__ == "builtins":
        return Cause(f"the connection fails ({error.strerror})", hopeless=False)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and those underneath, the outermost first. urllib3 keeps some in `reason`, requests in `args`."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        here = waiting.pop(0)
        if isinstance(here, BaseException) and not any(here is other for other in seen):
            seen.append(here)
            waiting += [getattr(here, "reason", None), *here.args, here.__cause__, here.__context__]
    yield from seen


def _without_addresses(error: Exception) -> BaseException:
    """The exception underneath when it is the system's, which names no address; else one with its type alone."""
    for underneath in reversed(list(_chain(error))):
        if isinstance(underneath, OSError) and type(underneath).__module__ in ("builtins", "socket", "ssl"):
            return type(underneath)(*underneath.args)
    return ConnectionError(type(error).__name__)
