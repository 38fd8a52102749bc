#include "record/bundle_texts.h"

/* Files that people read in the source, too, are not copied into C. */
#define TEXT(name, file)                                                       \
	__asm__(".section .rodata\n" name ":\n.incbin \"" file "\"\n" name     \
	        "_end:\n.byte 0\n.previous\n")
#define HIDDEN __attribute__((visibility("hidden")))

TEXT("bundle_text_script", "record/verify.sh");
TEXT("bundle_text_readme", "record/readme.txt");

extern const char bundle_text_script[] HIDDEN;
extern const char bundle_text_script_end[] HIDDEN;
extern const char bundle_text_readme[] HIDDEN;
extern const char bundle_text_readme_end[] HIDDEN;

struct span
bundle_script(void)
{
	return span_make(bundle_text_script,
	                 (size_t)(bundle_text_script_end - bundle_text_script));
}

struct span
bundle_readme(void)
{
	return span_make(bundle_text_readme,
	                 (size_t)(bundle_text_readme_end - bundle_text_readme));
}
