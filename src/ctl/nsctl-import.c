/* nsctl import, in a program of its own: see verb_apart(). */
#include <stdio.h>

#include "basic/strv.h"
#include "ctl/verb.h"

int main(int argc, char **argv) {
        autostrv char **words = NULL;
        Ctl c = { .argv = argv };
        int status = STATUS_FAILED;

        if (options_parse(argc, argv, &c.options, &words) >= 0)
                status = verb_import(&c, words);
        return ctl_end(&c, status);
}
