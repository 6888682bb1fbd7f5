/* nsctl proper: the client. Finds the verb and gives it the rest. It is executed by front/nsctl.c. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/front/words.h"
#include "ctl/verb.h"

static int dispatch(Ctl *c, char **words) {
        size_t n = strv_length(words);
        const Verb *verb;

        if (c->options.version)
                return verb_version(c, words);
        if (c->options.help || n == 0) {
                char *help[] = { (char *) "help", n > 0 ? words[0] : NULL, NULL };

                return verb_help(c, help);
        }

        verb = verb_find(words[0]);
        if (!verb) {
                autofree const char **names = verb_names();
                const char *near = names ? diag_nearest(words[0], names) : NULL;

                return ctl_error("there is no verb \"%s\"%s%s%s", words[0], near ? ", did you mean \"" : "",
                                 strempty(near), near ? "\"?" : "; see \"nsctl help\"");
        }
        if (n - 1 < verb->least || n - 1 > verb->most)
                return ctl_error("usage: nsctl %s %s", verb->name, verb->arguments);

        return verb->fn(c, words);
}

/* Nothing that is opened may become a standard stream: what is printed would go to the manager. Whoever uses
 * one that was closed fails as before. */
static void keep_standard_streams(void) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        (void) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
        autostrv char **words = NULL;
        Ctl c = { .argv = argv };
        int status;

        keep_standard_streams();
        if (argc > 1 && streq(argv[1], "__complete"))
                status = complete(&c, argv + 2);
        else if (argc > 1 && streq(argv[1], WORD_GO_ON))
                status = jobs_go_on(&c, argv + 2);
        else if (options_parse(argc, argv, &c.options, &words) < 0)
                status = STATUS_FAILED;
        else
                status = dispatch(&c, words);
        return ctl_end(&c, status);
}
