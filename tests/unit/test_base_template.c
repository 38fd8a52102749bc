#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/html_place.h"
#include "base/template.h"

static const char *
in_french(const void *context, const char *text)
{
	(void)context;
	if (strcmp(text, "Hello, {name}.") == 0)
		return "Bonjour {name} !";
	return text;
}

static struct fields *
some_fields(struct arena *arena)
{
	struct fields *fields = fields_new(arena);

	fields_text(fields, "name", "Anne <\"&'>");
	fields_text(fields, "url", "javascript:alert(1)");
	fields_text(fields, "good", "https://example.fr/?a=1&b=2");
	fields_text(fields, "token", "a/b?c&d=e\"f g");
	fields_text(fields, "empty", "");
	fields_flag(fields, "is_on", true);
	fields_flag(fields, "is_off", false);
	for (int i = 0; i < 2; i++)
		fields_text(fields_item(fields, "list"), "word",
		            i == 0 ? "one" : "two");
	return fields;
}

static void
expect(const char *source, const char *want)
{
	struct arena *arena = arena_new();
	struct template *template;
	struct template_use use = { .fields = some_fields(arena),
		                    .words = in_french };
	struct error err;
	struct buf out;
	unsigned line;

	buf_init(&out, 4096);
	if (template_parse(arena,
	                   &(const struct template_source){
				   TEMPLATE_HTML, span_of(source), NULL },
	                   &template, &line, &err) != RESULT_OK)
		fail_msg("%s\n%u: %s", source, line, err.text);
	template_render(template, &use, &out);
	assert_string_equal(out.data, want);
	buf_done(&out);
	arena_free(&arena);
}

static void
test_values_are_escaped_by_their_place(void **state)
{
	(void)state;
	expect("<p>{{name}}</p>", "<p>Anne &lt;&quot;&amp;&#39;&gt;</p>");
	expect("<p title=\"{{name}}\">",
	       "<p title=\"Anne &lt;&quot;&amp;&#39;&gt;\">");
	expect("<a href=\"{{url}}\">", "<a href=\"#\">");
	expect("<a href=\" {{url}}\">",
	       "<a href=\" javascript:alert%281%29\">");
	expect("<a href='{{good}}'>",
	       "<a href='https://example.fr/?a=1&amp;b=2'>");
	expect("<a href=\"/u/{{token}}\">",
	       "<a href=\"/u/a/b%3Fc%26d%3De%22f%20g\">");
	expect("<form action=\"{{empty}}/p\">", "<form action=\"/p\">");
	expect("<title>{{name}}</title><p>{{name}}",
	       "<title>Anne &lt;&quot;&amp;&#39;&gt;</title>"
	       "<p>Anne &lt;&quot;&amp;&#39;&gt;");
}

static void
test_blocks(void **state)
{
	(void)state;
	expect("{{if is_on}}a{{else}}b{{end}}{{if not is_on}}c{{end}}", "a");
	expect("{{if is_off}}a{{else}}b{{end}}{{if none}}c{{end}}", "b");
	expect("{{if empty}}a{{end}}{{if name}}b{{end}}{{if list}}c{{end}}",
	       "bc");
	expect("{{each list}}{{word}}, {{if is_on}}!{{end}}{{end}}",
	       "one, !two, !");
	expect("<input {{if is_on}}checked{{end}}>", "<input checked>");
	expect("<input {{if is_on}}checked{{end}} name=\"{{token}}\">",
	       "<input checked name=\"a/b?c&amp;d=e&quot;f g\">");
	/* Lines of their own leave none behind. */
	expect("<ul>\n  {{each list}}\n  <li>{{word}}</li>\n  {{end}}\n</ul>\n",
	       "<ul>\n  <li>one</li>\n  <li>two</li>\n</ul>\n");
}

static void
test_words_are_translated_and_their_values_escaped(void **state)
{
	(void)state;
	expect("{{t \"Hello, {name}.\"}}",
	       "Bonjour Anne &lt;&quot;&amp;&#39;&gt; !");
	expect("<img alt=\"{{t \"A {b c} {name\"}}\">",
	       "<img alt=\"A {b c} {name\">");
}

static void
test_a_frame_holds_a_page(void **state)
{
	struct arena *arena = arena_new();
	struct template *frame, *page;
	struct template_use use = { .fields = some_fields(arena) };
	struct error err;
	struct buf out;
	unsigned line;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(
		template_parse(arena,
	                       &(const struct template_source){
				       TEMPLATE_HTML,
				       SPAN("<main>{{page}}</main>"), NULL },
	                       &frame, &line, &err),
		RESULT_OK);
	/* A page within a page is no way to go on for ever. */
	assert_int_equal(template_parse(arena,
	                                &(const struct template_source){
						TEMPLATE_HTML,
						SPAN("<p>{{page}}</p>"), NULL },
	                                &page, &line, &err),
	                 RESULT_OK);
	use.page = page;
	template_render(frame, &use, &out);
	assert_string_equal(out.data, "<main><p></p></main>");
	buf_done(&out);
	arena_free(&arena);
}

static void
test_what_is_broken_is_told_with_its_line(void **state)
{
	static const char *const known[] = { "name", "is_on", NULL };
	static const struct {
		const char *source;
		unsigned line;
		const char *text;
	} cases[] = {
		{ "\n\n{{name", 3, "has no }}" },
		{ "{{}}", 1, "nothing" },
		{ "{{nam}}", 1, "did you mean \"name\"?" },
		{ "{{t \"{nane}\"}}", 1, "did you mean \"name\"?" },
		{ "{{t \"a}}", 1, "write {{t" },
		{ "{{t \"a\"b\"}}", 1, "write {{t" },
		{ "{{name x}}", 1, "neither" },
		{ "{{na-me}}", 1, "not the name" },
		{ "{{end}}", 1, "without" },
		{ "{{else}}", 1, "without" },
		{ "\n{{if is_on}}\n", 3, "{{else}} at most" },
		{ "{{if is_on}}{{else}}{{else}}{{end}}", 1, "at most" },
		{ "{{if is_on}}<p {{end}}>", 1, "same place" },
		{ "{{each name}}<p a=\"{{end}}", 1, "same place" },
		{ "<a {{name}}>", 1, "not here" },
		{ "<{{name}}>", 1, "not here" },
		{ "<a href={{name}}>", 1, "not here" },
		{ "<a onclick=\"{{name}}\">", 1, "not here" },
		{ "<a style=\"{{name}}\">", 1, "not here" },
		{ "<script>{{name}}</script>", 1, "not here" },
		{ "<!-- {{name}} -->", 1, "not here" },
		{ "<a {{if is_on}}href{{end}}=\"{{name}}\">", 1, "not here" },
		{ "<style>a{{if is_on}}b{{end}}", 1, "may not stand" },
		{ "<a href=\"{{t \"x\"}}\">", 1, "not here" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct template *template;
		struct error err;
		unsigned line;

		if (template_parse(arena,
		                   &(const struct template_source){
					   TEMPLATE_HTML,
					   span_of(cases[i].source), known },
		                   &template, &line, &err) != RESULT_BAD)
			fail_msg("%s: taken", cases[i].source);
		if (line != cases[i].line ||
		    strstr(err.text, cases[i].text) == NULL)
			fail_msg("%s: %u: %s", cases[i].source, line, err.text);
		arena_free(&arena);
	}
}

static void
test_depth_is_limited(void **state)
{
	struct arena *arena = arena_new();
	struct template *template;
	struct buf source;
	struct error err;
	unsigned line;

	(void)state;
	buf_init(&source, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_text(&source, "{{if a}}");
	assert_int_equal(template_parse(arena,
	                                &(const struct template_source){
						TEMPLATE_HTML,
						buf_as_span(&source), NULL },
	                                &template, &line, &err),
	                 RESULT_BAD);
	assert_non_null(strstr(err.text, "blocks in each other"));
	buf_done(&source);
	arena_free(&arena);
}

/* Whatever the value, it never leaves the place it was put in. */
static void
test_no_byte_leaves_its_place(void **state)
{
	static const enum place_kind kinds[] = { PLACE_TEXT, PLACE_ATTRIBUTE,
		                                 PLACE_URL, PLACE_URL_PART };

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (int c = 1; c < 256; c++) {
			char value[2] = { (char)c, '\0' };
			struct buf out;

			buf_init(&out, 64);
			html_escape(&out, kinds[k], value);
			assert_null(strpbrk(out.data, "<>\"'"));
			assert_true(c == '&' || out.data[0] != '&' ||
			            strchr(out.data, ';') != NULL);
			buf_done(&out);
		}
}

static void
test_subjects_are_texts_with_values(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(
		template_text(arena, "To {name}: {x} {", some_fields(arena)),
		"To Anne <\"&'>:  {");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_escaped_by_their_place),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(
			test_words_are_translated_and_their_values_escaped),
		cmocka_unit_test(test_a_frame_holds_a_page),
		cmocka_unit_test(test_what_is_broken_is_told_with_its_line),
		cmocka_unit_test(test_depth_is_limited),
		cmocka_unit_test(test_no_byte_leaves_its_place),
		cmocka_unit_test(test_subjects_are_texts_with_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
