"""Rules of the house that a look at the text can hold. Each gives lines."""
import ast
import re
import sys
from pathlib import Path

from source import line_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

# Outside libraries by header; the Makefile says which file adapts which.
LIBRARIES = [
    (r"openssl/", "libcrypto"), (r"jansson\.h", "jansson"),
    (r"libconfig\.h", "libconfig"), (r"gmime/", "gmime-3.0"),
    (r"(glib|gio/)", "glib-2.0"),
    (r"pcre2\.h", "libpcre2-8"), (r"hiredis/", "hiredis"),
    (r"libmilter/", "milter"), (r"curl/", "libcurl"),
    (r"idn2\.h", "libidn2"),
    (r"spf2/", "libspf2"), (r"sqlite3\.h", "sqlite3"),
    (r"gumbo\.h", "gumbo"), (r"microhttpd\.h", "libmicrohttpd"),
    (r"zlib\.h", "zlib"), (r"systemd/", "libsystemd"),
    (r"(pango|cairo)/", "pangocairo"), (r"iconv\.h", "none"),
]
SYSTEM = re.compile(
    r"(assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|"
    r"stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|"
    r"time|wchar|"
    r"dirent|fcntl|fnmatch|getopt|glob|grp|iconv|libgen|libintl|langinfo|netdb|poll|pthread|pwd|"
    r"resolv|spawn|syslog|termios|unistd|"
    r"arpa/\w+|linux/\w+|net/\w+|netinet/\w+|sys/\w+)\.h")

BANNED = ("strcpy strcat strncpy strncat sprintf vsprintf strtok gets atoi "
          "gmtime localtime ctime asctime tmpnam mktemp system popen alloca")
# Calls that have one home each.
HOMES = [
    ("malloc calloc realloc strdup strndup asprintf", "base/", "memory"),
    ("time gettimeofday clock_gettime ftime", "base/clock.c", "the time"),
    ("gettext dgettext bindtextdomain textdomain", "web/language.c",
     "translations"),
    ("rand random srand srandom getrandom getentropy", "base/random.c",
     "random bytes"),
]
FUNCTION_LINES = 60
COLUMNS = 80

# F-10: names of services we are not. The one sentence that says so may.
F10_WORDS = re.compile(
    r"recommandée?s?\b|\brecommandee?s?\b|\bLRE\b(?!-\d)|"
    r"registered (?:e-?)?(?:mail|letter)|certified (?:delivery|mail)", re.I)
F10_ALLOWED = re.compile(
    r"not a registered letter(?: \(lettre recommand[ée]e\))?|"
    r"pas une lettre recommandée".replace(" ", r'(?:[\s"]|\\n)+'), re.I)
UNFINISHED = re.compile(
    r"\b(?:TODO|FIXME|XXX|TBD)\b|\b[Pp]laceholders?\b")
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|tmp/bash_jobs)\b"
                     r"|file:///")
ADDRESS = re.compile(r"[\w.+-]+@((?:[\w-]+\.)+[A-Za-z][\w-]+)")
# exemple.fr stands in the published test vector of I18N-2.
RESERVED = re.compile(r"(^|\.)(example|test|invalid|localhost)(\.|$)"
                      r"|^exemple\.fr$")
# Unit names of systemd and names in Debian's lists look like addresses.
NOT_MAIL = re.compile(r"\.(service|socket|timer|target|conf|h|c|py)$")


def finding(name, line, text):
    return f"{name}:{line}: {text}"


def rooms(tree):
    """A room includes only what the Makefile lets it link."""
    for name in tree.room_files:
        room = tree.room(name)
        for match in INCLUDE.finditer(tree.text(name)):
            if match[1] != '"':
                continue
            other = match[2].split("/")[0]
            line = line_of(tree.text(name), match.start())
            if "/" not in match[2]:
                yield finding(name, line, f'write "{room}/{match[2]}"')
            elif other != room and other not in tree.uses[room]:
                yield finding(name, line, f"{room} may not use {match[2]}; "
                              f"it may use {' '.join(tree.uses[room])}")


def adapters(tree):
    """An outside library is included by its adapter only."""
    for name in tree.room_files:
        for match in INCLUDE.finditer(tree.text(name)):
            if match[1] != "<" or SYSTEM.fullmatch(match[2]):
                continue
            line = line_of(tree.text(name), match.start())
            library = next((lib for pattern, lib in LIBRARIES
                            if re.match(pattern, match[2])), None)
            if library is None:
                yield finding(name, line, f"<{match[2]}> is of no library "
                              "that tests/lint/checks.py knows")
            elif name[:-1] + "c" not in tree.adapters.get(library, ()):
                yield finding(name, line, f"<{match[2]}>: {library} belongs "
                              "in " + (", ".join(sorted(tree.adapters.get(
                                  library, ["no file yet"])))))


def calls(code, names):
    pattern = r"(?<![\w.>])(" + "|".join(names.split()) + r")\s*\("
    return re.finditer(pattern, code)


def banned(tree):
    """Calls that have a better one, and calls that have one home."""
    all_adapters = set().union(*tree.adapters.values())
    for name in tree.c_files:
        code = tree.code(name)
        for match in calls(code, BANNED):
            yield finding(name, line_of(code, match.start()),
                          f"{match[1]}() is banned")
        if not tree.room(name):
            continue
        for names, home, what in HOMES:
            if name.startswith(home) or \
                    (what == "memory" and name in all_adapters):
                continue
            for match in calls(code, names):
                yield finding(name, line_of(code, match.start()),
                              f"{match[1]}(): {what} comes from {home}")


def guards(tree):
    """ROOM_FILE_H, first and last."""
    for name in tree.c_files:
        if not name.endswith(".h"):
            continue
        path = Path(name)
        guard = re.sub(r"\W", "_", f"{path.parent.name}_{path.stem}_H")
        guard = guard.upper()
        want = f"#ifndef {guard}\n#define {guard}\n"
        text = tree.text(name)
        if not text.startswith(want) or not text.endswith("#endif\n"):
            yield finding(name, 1, f"wants the guard {guard} around it")


def lengths(tree):
    """Functions of one screen, lines of 80 columns."""
    for name in tree.c_files:
        start = None
        for number, line in enumerate(tree.text(name).split("\n"), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start - 1 > FUNCTION_LINES:
                    yield finding(name, start, "a function of "
                                  f"{number - start - 1} lines; "
                                  f"{FUNCTION_LINES} at most")
                start = None
            # A line of text for people may have 80 columns of its own.
            is_text = re.fullmatch(r'[\s?:]*".*"[\s,;)]*', line)
            # One long word cannot be broken; clang-format knows wide ones.
            if not line.isascii() or not re.search(r"\S\s", line):
                continue
            if len(line.expandtabs(8)) > COLUMNS + (8 if is_text else 0):
                yield finding(name, number, f"over {COLUMNS} columns")


def is_ours_to_read(name):
    """Test mail is as strangers write it, and rules quote what they ban."""
    return not name.startswith(("tests/mail/", "tests/fuzz/corpus/",
                                "tests/lint/")) and name != "LICENSE"


def search(tree, pattern, text, allowed=None):
    for name in filter(is_ours_to_read, tree.files):
        content = tree.text(name)
        if allowed:
            content = allowed.sub(lambda m: "\n" * m[0].count("\n"), content)
        for match in pattern.finditer(content):
            before = content[max(0, match.start() - 600):match.start()]
            if name.startswith("tests/") and re.search(r"X[-_]20", before):
                continue  # a test that looks for the word itself
            yield finding(name, line_of(content, match.start()),
                          f"\"{match[0]}\": {text}")


def words(tree):
    """X-20: no word of F-10 but in the sentence of LRE-3."""
    yield from search(tree, F10_WORDS, "F-10 forbids to call it so",
                      F10_ALLOWED)


def finished(tree):
    """Nothing says that it is not done."""
    yield from search(tree, UNFINISHED, "finish it or leave it out")


def machine(tree):
    """No path of the machine it was written on."""
    yield from search(tree, MACHINE, "a path of one machine")


def addresses(tree):
    """Mail addresses are at names that nobody can own (RFC 2606)."""
    for name in tree.files:
        if name.startswith(("tests/fuzz/corpus/", "tests/lint/")) \
                or name == "LICENSE":
            continue
        text = tree.text(name)
        if name.endswith((".eml", ".json")):
            text = re.sub(r"=\r?\n", "", text)  # quoted-printable
        for number, line in enumerate(text.split("\n"), 1):
            for match in ADDRESS.finditer(line):
                domain = match[1].rstrip(".").lower()
                if not RESERVED.search(domain) and \
                        not NOT_MAIL.search(domain):
                    yield finding(name, number, f"{match[0]}: use example.*")


def tidy_text(tree):
    """Line ends, the last line, white space at the end."""
    for name in filter(is_ours_to_read, tree.files):
        text = tree.text(name)
        if not text or "\0" in text:
            continue
        if not text.endswith("\n"):
            yield finding(name, text.count("\n") + 1, "no newline at the end")
        for match in re.finditer(r"[ \t\r]+$", text, re.M):
            yield finding(name, line_of(text, match.start()),
                          "white space at the end of the line")


def python(tree):
    """Python that parses, on the oldest Python we run on (3.11)."""
    for name in tree.files:
        if name.endswith(".py"):
            try:
                ast.parse(tree.text(name), name, feature_version=(3, 11))
            except SyntaxError as error:
                yield finding(name, error.lineno or 1, error.msg)


def rule_ids(tree):
    """A rule that is cited is in tests/lint/rules.txt."""
    from rules import cited, families, later_rules, read_rules
    known = set(read_rules(tree)) | later_rules(tree)
    for name in tree.files:
        if not name.startswith("tests/lint/") and is_ours_to_read(name):
            for rule, line in cited(tree.text(name), families(known)):
                if rule not in known and rule.rstrip("abc") not in known:
                    yield finding(name, line, f"{rule}: there is no such "
                                  "rule in tests/lint/rules.txt")


TABLE = [rooms, adapters, banned, guards, lengths, words, finished, machine,
         addresses, tidy_text, python, rule_ids]

if __name__ == "__main__":
    sys.exit("run lint.py")
