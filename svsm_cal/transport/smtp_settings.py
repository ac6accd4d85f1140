"""The mail server's settings: one URL, and a password from elsewhere.

    SVSM_CAL_SMTP=smtp://calendar@mail.example.org:587
    SVSM_CAL_SMTP_PASSWORD_FILE=/run/secrets/smtp

`smtp:` uses STARTTLS (RFC 3207), `smtps:` uses TLS from the start (RFC 8314). Refused: a password in the URL, and sending
a password in the clear to another machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from svsm_cal.errors import UsageError
from svsm_cal.value import Value, fields_of, replace

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

Security = Literal["starttls", "tls", "none"]

Stage = Literal["entry", "connect", "greeting", "ehlo", "starttls", "auth", "rset", "mail", "rcpt", "data", "body", "dot", "quit"]
"""A step of a conversation; `entry` is before it begins, `dot` the end of a mail."""

URL, PASSWORD, PASSWORD_FILE = "SVSM_CAL_SMTP", "SVSM_CAL_SMTP_PASSWORD", "SVSM_CAL_SMTP_PASSWORD_FILE"
_LONGEST_SECRET = 4096
_EXAMPLE = "smtp://user@mail.example.org:587"
_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


class Secret(Value):
    """A text that is never shown."""

    text: str

    def __repr__(self) -> str:
        return "Secret(…)"


class Timeouts(Value):
    """How many seconds to wait for the server at each stage (RFC 5321 section 4.5.3.2, shorter where a person may wait).

    After the final dot it is the RFC's ten minutes: giving up there leaves the mail's outcome unknown.
    """

    connect: float = 30
    greeting: float = 60
    starttls: float = 60
    auth: float = 60
    mail: float = 120
    rcpt: float = 120
    data: float = 120
    body: float = 180
    dot: float = 600
    quit: float = 5

    def of(self, stage: Stage) -> float:
        """Return the seconds of a stage."""
        stands_for = {"entry": "connect", "ehlo": "greeting", "rset": "mail"}
        seconds: float = getattr(self, stands_for.get(stage, stage))
        return seconds


class Settings(Value):
    """A mail server: `rate` is mails a second, `hello` the name of this machine, `per_connection` a number of mails.

    `failures` is how many connections in a row may fail before delivery ends, `pause` the seconds after the first failure.
    """

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: Secret = Secret("")
    ca_file: str | None = None
    hello: str | None = None
    rate: float | None = None
    per_connection: int = 100
    failures: int = 3
    pause: float = 1.0
    timeouts: Timeouts = Timeouts()

    @property
    def where(self) -> str:
        """Return the server's name for messages."""
        return f"{self.host}:{self.port}"


def read_settings(url: str | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings from a URL and the environment.

    Args:
        url: `smtp://user@host:port` or `smtps://…`, perhaps with `?security=none&rate=5&per-connection=50&ca=FILE&hello=NAME
            &timeout-dot=300`; None for the URL in the environment.
        environ: SVSM_CAL_SMTP, and SVSM_CAL_SMTP_PASSWORD or SVSM_CAL_SMTP_PASSWORD_FILE.

    Raises:
        UsageError: a setting is missing or invalid; the message never contains a password.
    """
    text, source = (url, "the SMTP address") if url else (environ.get(URL, ""), URL)
    if not text:
        raise UsageError(f"no mail server is named (set {URL}={_EXAMPLE})")
    try:
        parts = urlsplit(text)
        host, port, query = (
            parts.hostname,
            parts.port,
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)),
        )
    except ValueError:
        raise UsageError(f"{source}: is not a server's address (write {_EXAMPLE})") from None
    if parts.scheme not in {"smtp", "smtps"} or not host or parts.path not in {"", "/"} or parts.fragment:
        raise UsageError(f"{source}: is not a mail server's address (write {_EXAMPLE}, or smtps:// for TLS from the start)")
    if parts.password is not None:
        raise UsageError(
            f"{source}: has a password in it, which others may see (put it into {PASSWORD} or a file named by {PASSWORD_FILE})"
        )
    settings = Settings(host, security="tls" if parts.scheme == "smtps" else "starttls", user=unquote(parts.username or ""))
    for name, value in query:
        settings = _with_option(settings, name, value, source)
    if parts.scheme == "smtps" and settings.security != "tls":
        raise UsageError(f"{source}: smtps:// is TLS from the start (write smtp:// with security={settings.security})")
    settings = replace(settings, port=port or _PORTS[settings.security], password=_password(settings.user, environ))
    _check_names(settings, source)
    if settings.user and settings.security == "none" and not is_loopback(host):
        raise UsageError(f"{source}: the password would go to {host} in the clear (leave security=none out, or the user)")
    return settings


def _with_option(settings: Settings, name: str, value: str, source: str) -> Settings:
    option = _OPTIONS.get(name)
    if option is None:
        raise UsageError(f"{source}: there is no option {name!r} (there are {', '.join(_OPTIONS)})")
    read, meaning = option
    try:
        return read(settings, value)
    except (ValueError, KeyError):
        raise UsageError(f"{source}: {name}={value} is invalid (write {meaning})") from None


def _number(text: str, *, least: float = 0.0) -> float:
    number = float(text)
    if not least < number < 1e6:
        raise ValueError(text)
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _security(settings: Settings, value: str) -> Settings:
    known: dict[str, Security] = {"starttls": "starttls", "tls": "tls", "none": "none"}
    return replace(settings, security=known[value])


def _timeout(name: str) -> Callable[[Settings, str], Settings]:
    return lambda settings, value: replace(settings, timeouts=replace(settings.timeouts, **{name: _number(value)}))


_OPTIONS: dict[str, tuple[Callable[[Settings, str], Settings], str]] = {
    "security": (_security, "starttls, tls or none"),
    "rate": (lambda settings, value: replace(settings, rate=_number(value)), "mails a second"),
    "per-connection": (lambda settings, value: replace(settings, per_connection=_count(value)), "a number of mails"),
    "ca": (lambda settings, value: replace(settings, ca_file=value), "a file of certificates in PEM"),
    "hello": (lambda settings, value: replace(settings, hello=value), "this machine's name"),
    **{f"timeout-{name}": (_timeout(name), "seconds") for name in fields_of(Timeouts)},
}


def _password(user: str, environ: Mapping[str, str]) -> Secret:
    if not user:
        return Secret("")
    given = read_password(PASSWORD, environ, f"the mail server's user {user}")
    if not (given.isascii() and given.isprintable() and user.isascii() and user.isprintable()):
        source = PASSWORD if PASSWORD in environ else PASSWORD_FILE
        raise UsageError(f"{source}: the user and the password must be printable ASCII, on one line")
    return Secret(given)


def _check_names(settings: Settings, source: str) -> None:
    for name, what in ((settings.host, "the host"), (settings.hello, "hello")):
        if name is not None and not (name.isascii() and name.isprintable() and name and " " not in name):
            raise UsageError(f"{source}: {what} is not a host name (write one such as mail.example.org)")
    if settings.ca_file is not None:
        try:
            trust(settings.ca_file)
        except UsageError as error:
            raise UsageError(f"{source}: {error}") from None


def read_password(variable: str, environ: Mapping[str, str], whose: str) -> str:
    """Return the password in an environment variable, or in the file that VARIABLE_FILE names.

    Raises UsageError, without the password, if there is none, or if both are set.
    """
    given, file = environ.get(variable), environ.get(f"{variable}_FILE")
    if given is not None and file is not None:
        raise UsageError(f"{variable} and {variable}_FILE are both set (unset one)")
    if file is not None:
        try:
            with open(file, encoding="utf-8") as stream:
                given = stream.read(_LONGEST_SECRET).rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            raise UsageError(f"{variable}_FILE: {file}: cannot be read: {reason} (name a file with the password)") from None
    if not given:
        raise UsageError(f"{whose} has no password (set {variable}, or {variable}_FILE to a file's name)")
    return given


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return what a server's certificate is checked with: the system's authorities, or those of a PEM file."""
    import ssl

    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UsageError(f"ca={ca_file} holds no certificates: {error.strerror or error} (name a PEM file)") from None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
