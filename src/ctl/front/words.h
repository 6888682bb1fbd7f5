/* What the front and nsctl proper have to spell alike. */
#pragma once

/* nsctl WORD_GO_ON VERB [UNIT JOB RESULT]...: jobs were asked for. RESULT is "" where the end is not known;
 * without units the connection broke off before there was an answer. */
#define WORD_GO_ON "__go-on"
