#ifndef BASE_RESULT_H
#define BASE_RESULT_H

/*
 * The three shapes a function may have: it cannot fail (void or a value),
 * it answers yes or no (bool), or it may fail and returns enum result with
 * a sentence in struct error.
 */

#define MUST_CHECK        __attribute__((warn_unused_result))
#define FORMAT_LIKE(f, a) __attribute__((format(printf, f, a)))

enum result {
	RESULT_OK,    /* done; the _r outputs are filled */
	RESULT_NONE,  /* it is not there, and that is normal */
	RESULT_RETRY, /* may work later: store away, disk full, DNS slow */
	RESULT_BAD    /* will not work: broken input, broken setting */
};

#endif
