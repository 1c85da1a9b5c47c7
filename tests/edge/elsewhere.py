"""Addresses that lead elsewhere than to juniper.example if some program reads them in its own way."""

from __future__ import annotations

BY_HAND = [
    "https://evil.example/", "http://evil.example", "//evil.example", "///evil.example",
    "////evil.example/%2f..", "https:evil.example", "https:/evil.example", "https:\\\\evil.example",
    "https:/\\evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
    "https://juniper.example@evil.example/", "https://www.juniper.example:443@evil.example/",
    "https://juniper.example:x@evil.example", "https://evil.example\\@juniper.example/",
    "https://evil.example\\.juniper.example/", "https://evil.example#.juniper.example",
    "https://evil.example#@juniper.example/", "https://evil.example?@juniper.example/",
    "https://evil.example?.juniper.example", "https://evil.example/.juniper.example",
    "https://evil.example%2f.juniper.example/", "https://evil.example%23.juniper.example/",
    "https://evil.example%3f.juniper.example/", "https://evil.example%5c.juniper.example/",
    "https://evil.example%00.juniper.example/", "https://evil.example%09.juniper.example/",
    "https://evil.example\x00.juniper.example/", "https://evil.example\t.juniper.example/",
    "https://evil.example\n.juniper.example/", "https://evil.example\r\n.juniper.example/",
    "ht\ntps://evil.example/", " https://evil.example/", "\thttps://evil.example", "\x01https://evil.example",
    "https://evil.example;.juniper.example/", "https://evil.example,.juniper.example/",
    "https://evil.example&.juniper.example/", "https://evil.example$.juniper.example/",
    "https://evil.example!.juniper.example/", "https://evil.example(.juniper.example/",
    "https://evil.example'.juniper.example/", "https://evil.example\".juniper.example/",
    "https://evil.example<.juniper.example/", "https://evil.example|.juniper.example/",
    "https://evil.example^.juniper.example/", "https://evil.example`.juniper.example/",
    "https://evil.example{.juniper.example/", "https://evil.example*.juniper.example/",
    "https://juniper.example.evil.example/", "https://evil-juniper.example/", "https://juniperexample/",
    "https://juniper.example。evil.example/", "https://juniper.example．evil.example/",
    "https://evil.example／.juniper.example/", "https://evil.example＃.juniper.example/",
    "https://evil.example？.juniper.example/", "https://evil.example＠juniper.example/",
    "https://jun\u0456per.example/", "https://juniper.ex\u00e4mple/", "https://juniper.example\u200b.evil.example/",
    "https://juniper.example\u202e.evil.example/", "https://\u2025evil.example/",
    "javascript:alert(1)//juniper.example", "JaVaScRiPt://juniper.example/%0aalert(1)",
    "data:text/html,//juniper.example", "vbscript:x//juniper.example", "file://juniper.example/etc",
    "ftp://juniper.example/", "ws://juniper.example/", "blob:https://juniper.example/x",
    "view-source:https://juniper.example/", "intent://juniper.example/#Intent;scheme=https;end",
    "https://[::1]/", "https://[::ffff:198.51.100.1]/", "https://[juniper.example]/",
    "https://0x7f.1/", "https://2130706433/", "https://127.1/", "https://juniper.example:99999/",
    "https://juniper.example:x/", "https://", "https:///juniper.example", "", "juniper.example",
    "https://juniper.example%2eevil.example/", "https://%65vil.example/", "https://evil%2eexample/",
    "https://xn--juniper-.example/", "https://xn--.juniper.example\u3002evil.example",
]  # fmt: skip
# What some program takes for the end of a host, for a dot in it, or for nothing.
BETWEEN = [
    *"!\"$&'()*+,;<=>[]^`{|}~ \x01\x08\x0b\x0c\x1f\x7f\x85\xa0",
    "\u2044", "\u2215", "\u29f8", "\u2571", "\u3033", "\ufe68", "\uff3c",  # like / and \
    "\uff0f", "\u2100", "\u2101", "\u2105", "\u2106",  # with a / in NFKC
    "\u2488", "\u2024", "\ufe52",  # like a dot, or with one
    "\uff1f", "\ufe56", "\uff03", "\ufe5f", "\uff20", "\ufe6b", "\uff1a", "\ufe55", "\ua789",
    "\u200c", "\u200d",  # nothing at all
    "\u202a", "\u202e", "\u2066", "\u2028", "\u2029", "\u3000", "\ufffd", "\U000e0001",
    "%2f", "%2F", "%5c", "%23", "%3f", "%40", "%3a", "%20", "%09", "%0a", "%0d%0a", "%00", "%2e",
    "%252f", "%255c", "%c0%af", "%e3%80%82", "%ef%bc%8f",
]  # fmt: skip
DOTS = ["\uff61", "\u3002", "\uff0e"]
NOTHING = ["\u200b", "\u2060", "\ufeff", "\xad", "\u180e"]
SCHEMES = [
    "javascript", "JAVASCRIPT", "java\tscript", "data", "vbscript", "file", "ftp", "ftps", "gopher",
    "ws", "wss", "blob", "filesystem", "about", "chrome", "intent", "market", "mailto", "tel", "sms",
    "view-source", "ms-word", "jar", "feed", "itms-apps", "x", "1http", "http\x00s", "h\u0442tps",
    "https\uff1a", "https%3a", "ht\ttps", "ht\rtps", "\x00https", "\x1fhttps", "\u3000https",
    "http:https", "url:https",
]  # fmt: skip
HOSTS_LIKE_OURS = [
    "juniper.example..",
    "juniper-example", "juniper.exampl", "uniper.example", "xjuniper.example", "juniper.examples",
    "juniper.example.com", "juniper.example:evil", "juniper.example:80:80", "juniper.example:-1",
    "juniper.example:65536", "www.juniper.example.evil.example", "\u0458uniper.example",
    "jun\u0131per.example", "junip\u0435r.example", "xn--unper-2za.example", "\u2167.example",
    "j\u0308uniper.example", "juniper\u00b7example", "juniper.\u0435xample", "juniper@evil.example",
]  # fmt: skip
ELSEWHERE = [
    *BY_HAND,
    *(f"https://evil.example{one}.juniper.example/" for one in (*BETWEEN, *DOTS)),
    *(f"https://evil.example{one}juniper.example/" for one in (*BETWEEN, *NOTHING)),
    *(f"{one}://juniper.example/" for one in SCHEMES),
    *(f"https://{one}/" for one in HOSTS_LIKE_OURS),
]
