"""Every check of the text is seen to fail once, on a tree made for it."""
import tempfile
from pathlib import Path

import checks
import tools
from source import Tree

MAKEFILE = ("USES_base =\nUSES_mail = base\nUSES_record = base\n"
            "ADAPTERS = base/digest:libcrypto mail/mime:gmime-3.0\n")
GOOD_H = ("#ifndef MAIL_A_H\n#define MAIL_A_H\n\n#endif\n")
RULES = "DSN-1 xtext\n"

# What a check must find: check, file, text.
BAD = [
    (checks.rooms, "mail/a.c", '#include "record/event.h"\n'),
    (checks.rooms, "mail/a.c", '#include "event.h"\n'),
    (checks.adapters, "mail/a.c", "#include <openssl/evp.h>\n"),
    (checks.adapters, "mail/a.c", "#include <nobody/knows.h>\n"),
    (checks.banned, "mail/a.c", "int f(void);\nx = strcpy (a, b);\n"),
    (checks.banned, "mail/a.c", "p = malloc(3);\n"),
    (checks.banned, "mail/a.c", "now = time(NULL);\n"),
    (checks.banned, "mail/a.c", "n = rand();\n"),
    (checks.guards, "mail/b.h", GOOD_H),
    (checks.guards, "mail/b.h", "int a;\n"),
    (checks.lengths, "mail/a.c", "{\n" + "\n" * 61 + "}\n"),
    (checks.lengths, "mail/a.c", "\t" * 9 + "int a_long_name;\n"),
    (checks.words, "mail/a.c", "/* a certified delivery */\n"),
    (checks.words, "cli/a.1", "une lettre recommand\u00e9e\n"),
    (checks.finished, "mail/a.c", "/* FIX" "ME */\n"),
    (checks.machine, "mail/a.c", 'x = "/wo' 'rk/main";\n'),
    (checks.addresses, "mail/a.c", '"someone@real-company.com"\n'),
    (checks.tidy_text, "mail/a.c", "int a; \n"),
    (checks.tidy_text, "mail/a.c", "int a;"),
    (checks.python, "tests/a.py", "def (\n"),
    (checks.rule_ids, "mail/a.c", "/* DSN-99 */\n"),
    (tools.scripts, "a.sh", "#!/bin/bash\nif then\n"),
    (tools.manuals, "cli/a.1", ".Dd what\n.Xq\n"),
    (tools.formatted, "mail/a.c", "int   a;\n"),
]
# What a check must leave alone.
GOOD = [
    (checks.rooms, "mail/a.c", '#include "base/buf.h"\n#include "mail/b.h"\n'),
    (checks.adapters, "base/digest.c", "#include <openssl/evp.h>\n"),
    (checks.banned, "mail/a.c", '/* strcpy() */ s = "gets(x)"; my_time(3);\n'),
    (checks.guards, "mail/a.h", GOOD_H),
    (checks.words, "cli/a.c", '"It is not a registered letter (lettre "\n'
     '\t"recommandee).\\n"\n'),
    (checks.addresses, "mail/a.c", '"anne@mail.example.com"\n'),
    (checks.rule_ids, "mail/a.c", "/* DSN-1 */\n"),
]


def found_in(check, name, text):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        files = {"Makefile": MAKEFILE, "tests/lint/rules.txt": RULES,
                 ".clang-format": "BasedOnStyle: LLVM\n", name: text}
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        return list(check(Tree(root)))


def selftest(tree):
    """Each check finds what it is there for."""
    for check, name, text in BAD:
        try:
            if not found_in(check, name, text):
                yield f"{check.__name__} finds nothing wrong with {text!r}"
        except tools.Missing:
            pass
    for check, name, text in GOOD:
        found = found_in(check, name, text)
        if found:
            yield f"{check.__name__} has no reason to say {found[0]}"
