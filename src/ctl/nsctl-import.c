/* nsctl import, in a program of its own: see verb_apart(). */
#include <stdio.h>

#include "basic/strv.h"
#include "ctl/verb.h"

int main(int argc, char **argv) {
        autostrv char **words = NULL;
        Ctl c = { .argv = argv };
        int status = STATUS_FAILED;

        /* nsctl has counted the words; whoever calls this directly may have given none. */
        if (options_parse(argc, argv, &c.options, &words) >= 0)
                status = strv_length(words) > 2 ? verb_import(&c, words)
                                                : ctl_error("this is a part of \"nsctl import\"");
        return ctl_end(&c, status);
}
