"""Reasons that this service words itself are told in the language of the page, those of others as a quotation."""

import ast

import pytest
from flask import Flask, g

from config.options import TwilioSettings
from config.provider_options import AliyunSettings, ModemSettings, WebhookSettings
from dispatch.web.causes import OURS, known, why
from dispatch.web.i18n import read_texts, words
from tests.architecture.tree import ROOT, tree_of

WORDED = ("dispatch/messages/providers", "dispatch/messages/modem")
ON_PURPOSE = "console.py"
"""What a demo breaks on purpose names itself, and no installer meets it."""
FILLED = "AT1"
BY_OTHERS = {FILLED, ""}


def text_of(node: ast.expr) -> str:
    """A literal as it is said, with a word for whatever fills it in; "" for what only others word."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(each) if isinstance(each, ast.Constant) else FILLED for each in node.values)
    return ""


def worded() -> set[str]:
    found = set()
    for path in (path for folder in WORDED for path in sorted((ROOT / folder).glob("*.py")) if path.name != ON_PURPOSE):
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "Sent":
                found |= {text_of(each.value) for each in node.keywords if each.arg == "detail"}
            if node.func.id == "ModemFailed" and node.args:
                found.add(text_of(node.args[0]))
    return found - BY_OTHERS


def lacking() -> set[str]:
    return {cure for each in (AliyunSettings, ModemSettings, TwilioSettings, WebhookSettings)
            for cure in each().lacking().values()}  # fmt: skip


@pytest.fixture
def chinese():
    with Flask(__name__).app_context():
        g.words = words(lang="zh", texts=read_texts())
        yield


def test_every_reason_of_ours_has_a_sentence_of_the_pages():
    found = worded()
    assert len(found) >= 10, found
    assert {each for each in found | lacking() if known(each) is None} == set()


def test_what_others_worded_is_a_quotation_and_ours_is_chinese(chinese):
    assert why("ConnectionError: NameResolutionError") == "找不到地址里的名称：网络通吗？"
    assert why("no SIM can be used: AT+CPIN? was refused: no SIM") == "SIM 卡不能用：模块拒绝了 AT+CPIN?：没有 SIM 卡"
    assert why("The 'To' number is not valid.") == "“The 'To' number is not valid.”"
    assert why("AT+CMGS was refused: +CMS ERROR: 999") == "模块拒绝了 AT+CMGS：“+CMS ERROR: 999”"
    two = "providers.twilio.from: Write a sending number in E.164, or a messaging_service_sid."
    assert why(f"{two}; {two}").count("请按 E.164 格式填写发送号码") == 2
    assert why("") == ""


def test_a_reason_fills_its_sentence_and_no_sentence_is_said_twice(chinese):
    sentences = [sentence for pattern, sentence in OURS.items() if "(?P<" not in pattern]
    assert len(set(sentences)) == len(sentences)
    assert why("lacking from, auth_token") == "设置里缺少 from, auth_token"
