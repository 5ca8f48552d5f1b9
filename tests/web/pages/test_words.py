"""Both languages are complete: no word is forgotten, left over, or the same in both by mistake."""

import re
from functools import cache

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from callcenter.web.pages.words import CHINESE, catalogue, script_words, words
from tests.servers import ROOT
from tests.web.pages.conftest import House

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "t": None, "marked": None}
# What is the same in Chinese: names and signs.
SAME = {"%(field)s %(problem)s."}
PLACE = re.compile(r"%\((\w+)\)s")


@cache
def collected() -> frozenset[str]:
    """Return every message that the sources say, by its English."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(ROOT), methods, options, KEYWORDS)
    said = (message for _file, _line, message, _comments, _context in found)
    return frozenset(one if isinstance(one, str) else one[0] for one in said)


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def english(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def chinese(message: Message) -> str:
    return message.string if isinstance(message.string, str) else message.string[0]


def test_every_word_is_in_the_catalogue_and_none_is_left_over() -> None:
    assert len(collected()) > 80
    assert {english(message) for message in messages()} == collected(), "run: make words"


def test_every_word_is_said_in_chinese() -> None:
    assert [english(message) for message in messages() if not chinese(message)] == []


def test_chinese_is_not_english() -> None:
    same = {english(message) for message in messages() if not re.search(r"[\u4e00-\u9fff]", chinese(message))}
    assert same == SAME


def test_every_value_has_its_place_in_both() -> None:
    for message in messages():
        assert set(PLACE.findall(english(message))) == set(PLACE.findall(chinese(message))), english(message)


def test_the_scripts_get_their_words_and_no_others() -> None:
    told = script_words(CHINESE)
    assert told["live"] == words(CHINESE).gettext("live") == "实时"
    assert "Sign in" not in told
    assert script_words("en-US") == {}


@pytest.mark.parametrize(
    ("accepts", "shown"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "登录"), ("en-GB,en;q=0.9", "Sign in"), ("fr", "Sign in")],
)
def test_a_browser_is_shown_its_language(house: House, accepts: str, shown: str) -> None:
    page = house.browser(**{"Accept-Language": accepts}).get("/sign-in")
    assert f"<h1>{shown}</h1>" in page.text
    assert page.headers["content-language"] == ("zh-CN" if shown == "登录" else "en-US")


def test_the_language_that_was_chosen_is_kept_and_one_stays_where_one_was(house: House) -> None:
    browser = house.browser("supervisor")
    answer = browser.post("/language", data={"language": "zh-CN", "next": "/me?x=1"})
    assert answer.headers["location"] == "/me?x=1"
    assert "我的账号" in browser.get("/me").text
    assert "我的账号" in house.browser("supervisor").get("/me").text, "kept with the account"
    nobody = house.browser()
    nobody.post("/language", data={"language": "zh-CN", "next": "/sign-in"})
    assert "登录" in nobody.get("/sign-in").text, "kept in the browser"


def test_no_way_back_leads_to_another_site(house: House) -> None:
    browser = house.browser()
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "/a\r\nb"):
        answer = browser.post("/theme", data={"theme": "dark", "next": elsewhere})
        assert answer.headers["location"] == "/", elsewhere


def test_a_theme_is_kept(house: House) -> None:
    browser = house.browser("agent")
    browser.post("/theme", data={"theme": "dark"})
    assert 'data-theme="dark"' in house.browser("agent").get("/me").text
    browser.post("/theme", data={"theme": "system"})
    assert "data-theme" not in browser.get("/me").text
