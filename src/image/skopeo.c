/* Running skopeo: arguments, descriptors, its output. */
#include "image/skopeo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/clock.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "image/json.h"
#include "image/reference.h"

/* Where the child finds what must not be seen among its arguments. */
#define AUTH_FD       3
#define PHRASE_FD     4
#define FIRST_FREE_FD 5

#define EXIT_NOT_INSTALLED 127

/* A registry from which nothing comes for so long is given up. */
#define STALL_USEC (5 * 60 * USEC_PER_SEC)

/* The terminal that it believes to draw its bars on: a line for each layer. */
#define TERMINAL_ROWS    1000
#define TERMINAL_COLUMNS 200

#define TEXT_MAX ((size_t) 4 << 20)

typedef struct Skopeo {
        char **argv;
        int auth_fd, phrase_fd;
        int layout_fd; /* becomes its directory; -EBADF = none */
        bool terminal; /* its output goes to one: that is when it says how far it is */
        SkopeoEventFn event;
        void *data;

        int output_fd, error_fd;
        pid_t pid;
        char *output, *errors; /* all that it said; the output of a terminal only its present line */
        size_t n_output, n_errors;
        PullEvent *layers; /* what was heard last of each */
        size_t n_layers;
        usec_t moved; /* when something new was heard */
} Skopeo;

#define SKOPEO_INIT                                                                               \
        {                                                                                         \
                .auth_fd = -EBADF, .phrase_fd = -EBADF, .layout_fd = -EBADF, .output_fd = -EBADF, \
                .error_fd = -EBADF                                                                \
        }

static void skopeo_clear(Skopeo *s) {
        strv_free(s->argv);
        cleanup_close_(&s->auth_fd);
        cleanup_close_(&s->phrase_fd);
        cleanup_close_(&s->output_fd);
        cleanup_close_(&s->error_fd);
        free(s->output);
        free(s->errors);
        free(s->layers);
}

#define autoskopeo __attribute__((cleanup(skopeo_clear)))

static int secret_fd(const char *text) {
        autoclose int fd = memfd_create("nsunits-secret", MFD_CLOEXEC);
        size_t n = strlen(text);

        if (fd < 0)
                return -errno;
        if (write(fd, text, n) != (ssize_t) n || lseek(fd, 0, SEEK_SET) < 0)
                return -EIO;
        return take_fd(fd);
}

static char *to_base64(const char *text) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        size_t n = strlen(text), k = 0;
        char *out = malloc((n + 2) / 3 * 4 + 1);

        for (size_t i = 0; out && i < n; i += 3) {
                uint32_t v = (uint32_t) (unsigned char) text[i] << 16;

                v |= i + 1 < n ? (uint32_t) (unsigned char) text[i + 1] << 8 : 0;
                v |= i + 2 < n ? (uint32_t) (unsigned char) text[i + 2] : 0;
                out[k++] = digits[v >> 18];
                out[k++] = digits[v >> 12 & 63];
                out[k++] = i + 1 < n ? digits[v >> 6 & 63] : '=';
                out[k++] = i + 2 < n ? digits[v & 63] : '=';
        }
        if (out)
                out[k] = '\0';
        return out;
}

/* A file of credentials, as podman-login(1) writes it, that lies nowhere. */
static int add_credentials(Skopeo *s, const PullRequest *q, const char *source, const char *prefix) {
        autofree char *registry = strndup(source, reference_registry(source)), *user = NULL, *auth = NULL,
                      *text = NULL;
        autojson json_t *o = NULL;

        if (!q->credentials)
                return q->auth_file ? strv_addf(&s->argv, "--%sauthfile=%s", prefix, q->auth_file) : 0;

        if (asprintf(&user, "%s%s", q->credentials, strchr(q->credentials, ':') ? "" : ":") < 0) {
                user = NULL;
                return -ENOMEM;
        }
        auth = to_base64(user);
        if (!registry || !auth)
                return -ENOMEM;
        o = json_pack("{s:{s:{s:s}}}", "auths", registry, "auth", auth);
        text = o ? json_dumps(o, JSON_COMPACT) : NULL;
        s->auth_fd = text ? secret_fd(text) : -ENOMEM;
        return s->auth_fd < 0 ? s->auth_fd
                              : strv_addf(&s->argv, "--%sauthfile=/proc/self/fd/%d", prefix, AUTH_FD);
}

/* FILE:PASSPHRASE, where that is not the name of a file or a descriptor already. */
static int add_decryption_key(Skopeo *s, const PullRequest *q) {
        const char *colon = q->decryption_key ? strchr(q->decryption_key, ':') : NULL, *phrase;

        if (!colon || startswith(colon + 1, "file=") || startswith(colon + 1, "fd="))
                return q->decryption_key ? strv_addf(&s->argv, "--decryption-key=%s", q->decryption_key) : 0;

        phrase = startswith(colon + 1, "pass=");
        s->phrase_fd = secret_fd(phrase ? phrase : colon + 1);
        return s->phrase_fd < 0 ? s->phrase_fd
                                : strv_addf(&s->argv, "--decryption-key=%.*s:file=/proc/self/fd/%d",
                                            (int) (colon - q->decryption_key), q->decryption_key, PHRASE_FD);
}

static int add_platform(Skopeo *s, const PullRequest *q) {
        const struct {
                const char *option, *value;
        } options[] = {
                { "arch", q->architecture },
                { "os", q->os },
                { "variant", q->variant },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(options) && r == 0; i++)
                if (options[i].value)
                        r = strv_addf(&s->argv, "--override-%s=%s", options[i].option, options[i].value);
        return r;
}

/* @prefix: what its options that concern the source begin with. */
static int add_registry(Skopeo *s, const PullRequest *q, const char *source, const char *prefix) {
        int r;

        if (reference_path(source))
                return strv_add(&s->argv, source);

        r = add_credentials(s, q, source, prefix);
        if (r == 0 && q->certificates)
                r = strv_addf(&s->argv, "--%scert-dir=%s", prefix, q->certificates);
        if (r == 0 && q->no_tls_verify)
                r = strv_addf(&s->argv, "--%stls-verify=false", prefix);
        return r < 0 ? r : strv_addf(&s->argv, "docker://%s", source);
}

/* In the child. */
static void child_main(const Skopeo *s, int output_fd, int error_fd, pid_t parent) {
        const int from[] = { open("/dev/null", O_RDONLY | O_CLOEXEC), output_fd, error_fd, s->auth_fd,
                             s->phrase_fd };
        int safe[ELEMENTSOF(from)];

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(EXIT_FAILURE);
        (void) signal(SIGPIPE, SIG_DFL);

        /* Above the numbers that are going to be overwritten. */
        for (size_t i = 0; i < ELEMENTSOF(from); i++)
                safe[i] = from[i] < 0 ? -EBADF : fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        for (size_t i = 0; i < ELEMENTSOF(from); i++)
                if (safe[i] >= 0 && dup2(safe[i], (int) i) < 0)
                        _exit(EXIT_FAILURE);
        if (s->layout_fd >= 0 && fchdir(s->layout_fd) < 0)
                _exit(EXIT_FAILURE);
        (void) execvp("skopeo", s->argv);
        _exit(errno == ENOENT ? EXIT_NOT_INSTALLED : EXIT_FAILURE);
}

static int open_output(Skopeo *s, int *ret) {
        const struct winsize size = { .ws_row = TERMINAL_ROWS, .ws_col = TERMINAL_COLUMNS };
        int pair[2];

        if (s->terminal) {
                if (openpty(&pair[0], &pair[1], NULL, NULL, &size) < 0)
                        return -errno;
                (void) fcntl(pair[0], F_SETFD, FD_CLOEXEC);
                (void) fcntl(pair[1], F_SETFD, FD_CLOEXEC);
        } else if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;

        s->output_fd = pair[0];
        *ret = pair[1];
        return 0;
}

static int spawn(Skopeo *s) {
        autoclose int output = -EBADF, errors = -EBADF;
        pid_t self = getpid();
        int pair[2], r;

        r = open_output(s, &output);
        if (r < 0)
                return r;
        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        s->error_fd = pair[0];
        errors = pair[1];

        s->pid = fork();
        if (s->pid < 0)
                return -errno;
        if (s->pid == 0)
                child_main(s, output, errors, self);
        return 0;
}

static int collect(char **text, size_t *n, const char *more, size_t size) {
        char *grown;

        if (*n + size > TEXT_MAX)
                return 0; /* what matters comes early or in small words */
        grown = realloc(*text, *n + size + 1);
        if (!grown)
                return -ENOMEM;
        memcpy(grown + *n, more, size);
        *n += size;
        grown[*n] = '\0';
        *text = grown;
        return 0;
}

/* Is that new? Each bar is drawn again and again. */
static int note_layer(Skopeo *s, const PullEvent *e) {
        PullEvent *grown;

        for (size_t i = 0; i < s->n_layers; i++)
                if (streq(s->layers[i].text, e->text)) {
                        bool same = s->layers[i].done == e->done && s->layers[i].total == e->total;

                        s->layers[i] = *e;
                        return !same;
                }
        grown = reallocarray(s->layers, s->n_layers + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        s->layers = grown;
        s->layers[s->n_layers++] = *e;
        return 1;
}

static int take_line(Skopeo *s) {
        PullEvent e;
        int r = 0;

        if (s->n_output > 0 && skopeo_parse_line(s->output, &e) == 0)
                r = note_layer(s, &e);
        s->n_output = 0;
        if (r <= 0)
                return r;

        s->moved = clock_now(CLOCK_MONOTONIC);
        if (s->event)
                s->event(&e, s->data);
        return 0;
}

/* Lines, without the control sequences by which they are drawn over one another. */
static int take_terminal(Skopeo *s, const char *text, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r == 0; i++) {
                if (text[i] == '\n')
                        r = take_line(s);
                else if (text[i] == '\033')
                        while (i + 1 < n && !strchr("ABCDEFGHJKSTfm", text[i]))
                                i++;
                else if (text[i] != '\r')
                        r = collect(&s->output, &s->n_output, text + i, 1);
        }
        return r;
}

/* Returns 0 at the end of what @fd has to say, 1 when there may be more. */
static int take_output(Skopeo *s, int fd) {
        char buffer[16384];
        ssize_t n = read(fd, buffer, sizeof(buffer));
        int r;

        if (n < 0 && errno == EINTR)
                return 1;
        if (n <= 0) /* a terminal whose other end is closed: EIO */
                return 0;

        if (fd == s->error_fd)
                r = collect(&s->errors, &s->n_errors, buffer, (size_t) n);
        else if (s->terminal)
                return take_terminal(s, buffer, (size_t) n) < 0 ? -ENOMEM : 1;
        else
                r = collect(&s->output, &s->n_output, buffer, (size_t) n);
        s->moved = clock_now(CLOCK_MONOTONIC);
        return r < 0 ? r : 1;
}

static int listen_to(Skopeo *s) {
        struct pollfd fds[] = { { .fd = s->output_fd, .events = POLLIN },
                                { .fd = s->error_fd, .events = POLLIN } };
        int r;

        s->moved = clock_now(CLOCK_MONOTONIC);
        while (fds[0].fd >= 0 || fds[1].fd >= 0) {
                if (clock_now(CLOCK_MONOTONIC) - s->moved > STALL_USEC)
                        return -ETIMEDOUT;
                if (poll(fds, ELEMENTSOF(fds), 1000) < 0 && errno != EINTR)
                        return -errno;
                for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                        if (fds[i].fd < 0 || fds[i].revents == 0)
                                continue;
                        r = take_output(s, fds[i].fd);
                        if (r < 0)
                                return r;
                        if (r == 0)
                                fds[i].fd = -EBADF;
                }
        }
        return 0;
}

/* Its exit status, or how the fault is told. */
static int skopeo_run(Skopeo *s, const char *source, Fault *fault) {
        char reason[sizeof(fault->object) - 64];
        int status = 0, r;

        r = spawn(s);
        if (r < 0)
                return fault_set(fault, "pull", r, "%s", source);
        r = listen_to(s);
        if (r < 0)
                (void) kill(s->pid, SIGKILL);
        while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (r == -ETIMEDOUT)
                return fault_tell(fault, "pull", r, "%s: nothing came for five minutes", source);
        if (r < 0)
                return fault_set(fault, "pull", r, "%s", source);

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_INSTALLED) {
                (void) fault_tell(fault, "pull", -ENOPKG, "%s: skopeo is not installed", source);
                fault_advise(fault, "it is what speaks with registries: install the package skopeo");
                return -ENOPKG;
        }
        if (WIFSIGNALED(status))
                return fault_tell(fault, "pull", -EIO, "%s: skopeo was killed by signal %d", source,
                                  WTERMSIG(status));
        skopeo_reason(strempty(s->errors), reason, sizeof(reason));
        r = skopeo_errno(reason);
        return fault_tell(fault, "pull", r, "%.*s%s: %s", 60, source, strlen(source) > 60 ? "..." : "",
                          reason);
}

int skopeo_copy(const PullRequest *q, const char *source, int layout_fd, SkopeoEventFn event, void *data,
                Fault *fault) {
        autoskopeo Skopeo s = SKOPEO_INIT;
        int r;

        s.layout_fd = layout_fd;
        s.terminal = true;
        s.event = event;
        s.data = data;

        r = strv_add(&s.argv, "skopeo");
        if (r == 0)
                r = add_platform(&s, q);
        /* A signature is checked all the same; a layout cannot hold one. Layers stay as they are. */
        if (r == 0)
                r = strv_add(&s.argv, "copy");
        if (r == 0)
                r = strv_add(&s.argv, "--remove-signatures");
        if (r == 0)
                r = strv_add(&s.argv, "--dest-oci-accept-uncompressed-layers");
        if (r == 0)
                r = add_decryption_key(&s, q);
        if (r == 0)
                r = add_registry(&s, q, source, "src-");
        if (r == 0)
                r = strv_add(&s.argv, "oci:.:image");
        return r < 0 ? r : skopeo_run(&s, source, fault);
}

int skopeo_list_tags(const PullRequest *q, const char *source, char ***ret, Fault *fault) {
        autofree char *repository = strndup(source, strcspn(source, "@"));
        autostrv char **tags = NULL, **names = NULL;
        autoskopeo Skopeo s = SKOPEO_INIT;
        autojson json_t *o = NULL;
        char *colon;
        int r;

        if (!repository)
                return -ENOMEM;
        colon = strrchr(repository, ':');
        if (colon && !strchr(colon, '/'))
                *colon = '\0';

        r = strv_add(&s.argv, "skopeo");
        if (r == 0)
                r = strv_add(&s.argv, "list-tags");
        if (r == 0)
                r = add_registry(&s, q, repository, "");
        if (r == 0)
                r = skopeo_run(&s, repository, fault);
        if (r == 0)
                r = json_parse_object(strempty(s.output), s.n_output, "tags", &o, fault);
        if (r == 0)
                r = json_copy_strv(json_object_get(o, "Tags"), &tags);
        STRV_FOREACH (tag, tags)
                if (r == 0)
                        r = strv_addf(&names, "%s:%s", repository, *tag);
        if (r == 0)
                *ret = take_ptr(names);
        return r;
}

int skopeo_inspect(const PullRequest *q, const char *source, const char *what, char **ret, size_t *ret_size,
                   Fault *fault) {
        autoskopeo Skopeo s = SKOPEO_INIT;
        int r;

        r = strv_add(&s.argv, "skopeo");
        if (r == 0)
                r = add_platform(&s, q);
        if (r == 0)
                r = strv_add(&s.argv, "inspect");
        if (r == 0)
                r = strv_add(&s.argv, what);
        if (r == 0)
                r = add_registry(&s, q, source, "");
        if (r == 0)
                r = skopeo_run(&s, source, fault);
        if (r < 0)
                return r;
        *ret_size = s.n_output;
        *ret = s.output ? take_ptr(s.output) : strdup("");
        return *ret ? 0 : -ENOMEM;
}
