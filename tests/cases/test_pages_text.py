"""The words and colours of the pages: translations and contrast."""

import gettext
import itertools
import os
import pathlib
import re
import subprocess

import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AVIS_BUILD", TREE / "build"))
AVIS = os.environ.get("AVIS_BIN", str(BUILD / "avis"))
TEMPLATES = TREE / "web" / "templates"
FIELD = re.compile(r"\{(\w+)\}")
AA_TEXT, AA_EDGE = 4.5, 3.0  # WCAG 2.1, 1.4.3 and 1.4.11


def catalogue():
    path = BUILD / "translations/C.UTF-8/LC_MESSAGES/avis-fr.mo"
    with open(path, "rb") as file:
        return gettext.GNUTranslations(file)


def pairs():
    return [(k, v) for k, v in catalogue()._catalog.items() if k]


def texts():
    """Every text of templates, and of tables in C (strings joined)."""
    found = set()
    for path in TEMPLATES.iterdir():
        found |= set(re.findall(r'\{\{t "([^"]*)"\}\}', path.read_text()))
    for path in (TREE / "web").glob("*.c"):
        for call in re.findall(r'WORDS\(((?:\s*"[^"]*")+)\)',
                               path.read_text()):
            found.add("".join(re.findall(r'"([^"]*)"', call)))
    return sorted(found)


@pytest.mark.parametrize("text", texts())
def test_text_is_translated(text):
    assert text in catalogue()._catalog, "run make translations, translate"


def test_values_stand_in_both_languages():
    for english, french in pairs():
        assert sorted(FIELD.findall(english)) == \
            sorted(FIELD.findall(french)), english


def test_french_is_set_as_french_is():
    for _, french in pairs():
        assert "'" not in french and '"' not in french, french
        assert not re.search(r"(?<!\u202f)[;!?]", french), french
        assert not re.search(r"(?<!\u00a0):", french), french
        assert french.count("«\u00a0") == french.count("«"), french
        assert french.count("\u00a0»") == french.count("»"), french


# -- contrast ---------------------------------------------------------------

def colours():
    """{"light": {name: (r, g, b)}, "dark": ...} of style.css."""
    text = (TEMPLATES / "style.css").read_text()
    found = {}
    for scheme, block in zip(("light", "dark"), re.findall(
            r":root \{(.*?)\}", text, re.S)):
        found[scheme] = {
            name: tuple(int(value[i:i + 2], 16) for i in (0, 2, 4))
            for name, value in re.findall(r"--([\w-]+): #(\w{6});", block)}
    return found


def luminance(colour):
    parts = [c / 255 for c in colour]
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
             for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_WCAG_does():
    assert round(contrast((0, 0, 0), (255, 255, 255))) == 21
    assert round(contrast((118, 118, 118), (255, 255, 255)), 2) == 4.54


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("front, back, least", [
    *[(f, b, AA_TEXT) for f, b in itertools.product(
        ("text", "quiet", "link"), ("page", "card", "note"))],
    ("on-accent", "accent", AA_TEXT), ("on-accent", "accent-strong", AA_TEXT),
    ("accent", "card", AA_EDGE), ("edge", "card", AA_EDGE),
    ("text", "card", AA_EDGE)])
def test_WCAG_AA_contrast(scheme, front, back, least):
    known = colours()[scheme]
    assert contrast(known[front], known[back]) >= least


def test_every_colour_is_one_that_is_tested():
    text = (TEMPLATES / "style.css").read_text()
    rules = re.sub(r":root \{.*?\}", "", text, flags=re.S)
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|hsl|opacity", rules)


# -- what an operator puts in their place --------------------------------------

SETTINGS = """host = "mx1"; receipts = "recu@example.fr";
web = "https://avis.example.fr";
pages = {{ templates = "{folder}"; }};
classes = ( {{ name = "service"; purpose = "transactional";
               basis = "contract"; }} );
"""


def check(tmp_path, **files):
    folder = tmp_path / "templates"
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("__", ".").replace("_", "-")).write_text(text)
    conf = tmp_path / "avis.conf"
    conf.write_text(SETTINGS.format(folder=folder))
    return subprocess.run([AVIS, "check", "--conf", conf],
                          capture_output=True, text=True, check=False)


def test_a_good_template_is_nothing_to_talk_about(tmp_path):
    done = check(tmp_path, sent__html="<h1>{{title}}</h1>\n", style__css="p{}")
    assert done.returncode == 0
    assert "templates" not in done.stdout


def test_a_broken_template_is_told_with_its_line(tmp_path):
    done = check(tmp_path, sent__html="<p>\n<p>{{titel}}</p>\n")
    assert done.returncode == 0, "no reason to stop the mail"
    assert "sent.html:2: warning: pages.templates: " in done.stdout
    assert 'did you mean "title"?' in done.stdout


def test_a_template_that_lets_a_value_out_is_told(tmp_path):
    done = check(tmp_path, sent__html="<p onclick=\"{{title}}\">")
    assert "sent.html:1: " in done.stdout


def test_a_file_that_no_page_has_is_told(tmp_path):
    done = check(tmp_path, unsubscribe__htm="", unsuscribed__html="<p>")
    assert "unsuscribed.html: warning: pages.templates: no page" in done.stdout
    assert 'did you mean "unsubscribed.html"?' in done.stdout


def test_a_folder_that_is_not_there_is_told(tmp_path):
    conf = tmp_path / "avis.conf"
    conf.write_text(SETTINGS.format(folder=tmp_path / "nowhere"))
    done = subprocess.run([AVIS, "check", "--conf", conf], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0 and "cannot be read" in done.stdout


# -- the manual ---------------------------------------------------------------

def table(name):
    text = (TREE / "conf" / "templates.c").read_text()
    rows = re.search(rf"\b{name}\[\] = \{{(.*?)\}};", text, re.S).group(1)
    return set(re.findall(r'"([^"]+)"', rows))


def test_manual_names_every_template_and_field():
    page = (TREE / "web" / "avis-web.8").read_text()
    page = page.partition(".Sh TEMPLATES")[2].partition(".Ss Languages")[0]
    files = set(re.findall(r"[\w-]+\.(?:html|css|txt)", page))
    fields = set(re.findall(r"\w+", " ".join(
        re.findall(r"(?m)^\.It Ic (.*)$", page))))
    assert files == table("names") == {p.name for p in TEMPLATES.iterdir()}
    assert fields == table("known")
