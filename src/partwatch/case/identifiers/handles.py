"""Accounts on services: "@name" where the service is known, and addresses of profiles. Value: "service:name",
the name in lower case, since no service here tells accounts apart by case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, before, shown

# Hosts (without www. and m.) to the service and the path of a profile there.
_NAME = r"@?([\w.-]{2,64})"
_PROFILES: Final = {
    "t.me": ("telegram", rf"(?:s/)?{_NAME}"),
    "telegram.me": ("telegram", rf"(?:s/)?{_NAME}"),
    "instagram.com": ("instagram", _NAME),
    "x.com": ("twitter", _NAME),
    "twitter.com": ("twitter", _NAME),
    "facebook.com": ("facebook", _NAME),
    "tiktok.com": ("tiktok", r"@([\w.]{2,24})"),
    "youtube.com": ("youtube", r"(?:@|user/|c/)([\w.-]{2,64})"),
    "vk.com": ("vk", _NAME),
    "snapchat.com": ("snapchat", rf"add/{_NAME}"),
    "reddit.com": ("reddit", r"u(?:ser)?/([\w-]{3,20})"),
    "github.com": ("github", r"([\w-]{1,39})"),
    "discord.com": ("discord", r"users/(\d{15,20})"),
    "printables.com": ("printables", r"(?:[a-z]{2}/)?@([\w.-]{2,64})"),
    "thingiverse.com": ("thingiverse", r"([\w.-]{2,64})(?:/designs)?"),
    "makerworld.com": ("makerworld", r"(?:[a-z]{2}/)?@([\w.-]{2,64})"),
    "cults3d.com": ("cults3d", r"(?:[a-z]{2}/)?users/([\w.-]{2,64})(?:/3d-models)?"),
    "myminifactory.com": ("myminifactory", r"users/([\w.-]{2,64})"),
    "etsy.com": ("etsy", r"(?:[a-z]{2}/)?shop/([\w-]{2,64})"),
    "ebay.com": ("ebay", r"(?:usr|str)/([\w.*-]{2,64})"),
    "paypal.me": ("paypal", _NAME),
    "revolut.me": ("revolut", _NAME),
}
# What such paths also name, and is no account.
_NO_ACCOUNT_WORDS = (
    "joinchat addstickers addemoji share login explore about help search home settings c s p reel "
    "reels stories watch hashtag i intent privacy terms tos legal groups events marketplace pages "
    "photo photos story.php profile.php sharer sharer.php tags tag iv proxy socks setlanguage bg "
    "contact features pricing topics thing:1 things explore newest popular make education dialog "
    "permalink.php"
)
_NO_ACCOUNT = frozenset(_NO_ACCOUNT_WORDS.split())
_SERVICES: Final = {
    "telegram": r"telegram|tg|teleg",
    "instagram": r"instagram|insta|ig",
    "twitter": r"twitter|x",
    "tiktok": r"tik\s?tok",
    "snapchat": r"snap(?:chat)?",
    "facebook": r"facebook|fb",
    "discord": r"discord",
    "wickr": r"wickr",
    "threema": r"threema",
    "youtube": r"youtube|yt",
    "vk": r"vk",
    "signal": r"signal",
}
_FORM: Final = {
    "telegram": r"[a-z]\w{3,31}",
    "instagram": r"[a-z0-9_.]{1,30}",
    "twitter": r"\w{1,15}",
    "tiktok": r"[a-z0-9_.]{2,24}",
}
_ANY_FORM = r"[^\W_][\w.-]{1,63}"
_AT = re.compile(r"(?<![\w@./+-])@([A-Za-z0-9_](?:[\w.-]{0,62}[\w])?)(?![\w@]|\.\w)")
_LINK = re.compile(
    r"(?<![\w.@-])(?:https?://)?(?:(?:www|m|mobile|[a-z]{2})\.)?("
    + "|".join(re.escape(host) for host in _PROFILES)
    + r")/([^\s<>\"'`{}|\\^?#]{1,120})",
    re.IGNORECASE,
)
_NAMED = {
    service: re.compile(rf"(?:^|[^a-z])(?:{words})(?![a-z])[^\n@]{{0,20}}$")
    for service, words in _SERVICES.items()
}


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Profiles by their address; "@name" behind a service's name, or on the service of the hint."""
    if "/" in text:
        for link in _LINK.finditer(text):
            path = link[2].rstrip(".,;:!)]}»”’*~")
            value = _profile(link[1].lower(), path)
            if value:
                end = link.start(2) + len(path)
                yield Found("handle", value, text[link.start() : end], link.start(), end)
    if "@" in text:
        for one in _AT.finditer(text):
            service = _service_before(before(text, one.start(), 32)) or hint.service
            value = _handle(service, one[1]) if service else None
            if value:
                yield Found("handle", value, one[0], *one.span())


def _service_before(ahead: str) -> str | None:
    """The service that is named last."""
    best, found = -1, None
    for service, pattern in _NAMED.items():
        match = pattern.search(ahead)
        if match and match.start() > best:
            best, found = match.start(), service
    return found


def _profile(host: str, path: str) -> str | None:
    service, form = _PROFILES[host]
    match = re.match(rf"{form}(?:/|$)", unquote(path), re.IGNORECASE)
    if match is None or match[1].lower() in _NO_ACCOUNT:
        return None
    return _handle(service, match[1])


def _handle(service: str, name: str) -> str | None:
    name = name.lower()
    if name in _NO_ACCOUNT or len(name) > 64:
        return None
    return f"{service}:{name}" if re.fullmatch(_FORM.get(service, _ANY_FORM), name) else None


def normalise(text: str, hint: Hint) -> str:
    """ "service:name" of "@name" or "name" (service from the hint), "service:name", or a profile's address.
    Raises NotValidError."""
    told = text.strip()
    link = _LINK.fullmatch(told.split("?")[0].split("#")[0])
    if link:
        value = _profile(link[1].lower(), link[2].rstrip("/"))
    else:
        service, colon, name = told.partition(":")
        if not colon:
            service, name = hint.service or "", told
        value = _handle(service.strip().lower(), name.strip().removeprefix("@")) if service.strip() else None
        if value is None and not service:
            raise NotValidError(f"{shown(text)} names no service: say which")
    if value is None:
        raise NotValidError(f"{shown(text)} is no account's name")
    return value


KIND = Kind(
    "handle",
    find,
    normalise,
    (
        ("https://t.me/Some_Name", "telegram:some_name"),
        ("https://www.instagram.com/some.name/", "instagram:some.name"),
        ("https://www.printables.com/@Maker_12", "printables:maker_12"),
        ("@Some_Name", "telegram:some_name"),
    ),
    ("https://t.me/joinchat/AAAA", "name@example.org", "@@", "https://example.org/name", "t.me/+abcdef"),
    Hint(service="telegram"),
)
