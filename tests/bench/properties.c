/*
 * Property reads: how many a second the manager answers, and what each costs it. Run by
 * tests/bench/properties.
 *
 *      bench-properties SOCKET|system UNIT-PATH COUNT [PROPERTY]
 *
 * A client that does not wait for one answer before it asks for the next. Prints the rate, and the processor
 * time of the manager for each read; without a property, that of GetAll.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

/* Calls on their way. */
#define WINDOW 64

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define UNIT       "org.nsunits1.Unit"

typedef struct Run {
        sd_bus *bus;
        const char *destination, *path, *property;
        unsigned asked, answered, wanted;
} Run;

static void fail(const char *what, int r) {
        fprintf(stderr, "%s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

static void ask(Run *run);

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Run *run = userdata;

        (void) error;
        if (sd_bus_message_is_method_error(m, NULL))
                fail(sd_bus_message_get_error(m)->message, -EIO);
        run->answered++;
        ask(run);
        return 0;
}

static void ask(Run *run) {
        int r;

        if (run->asked == run->wanted)
                return;
        run->asked++;
        r = run->property ? sd_bus_call_method_async(run->bus, NULL, run->destination, run->path, PROPERTIES,
                                                     "Get", on_answer, run, "ss", UNIT, run->property)
                          : sd_bus_call_method_async(run->bus, NULL, run->destination, run->path, PROPERTIES,
                                                     "GetAll", on_answer, run, "s", UNIT);
        if (r < 0)
                fail("call", r);
}

/* Clock ticks of a process, of both kinds. */
static double processor_time(pid_t pid) {
        unsigned long user, system;
        char path[64];
        FILE *f;

        (void) snprintf(path, sizeof(path), "/proc/%i/stat", pid);
        f = fopen(path, "re");
        if (!f || fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                         &system) != 2)
                fail(path, -EIO);
        (void) fclose(f);
        return (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
}

static double now(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}

/* Returns the manager's pid. */
static pid_t open_socket(Run *run, const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct ucred peer;
        socklen_t n = sizeof(peer);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
                fail(path, -errno);
        if (sd_bus_new(&run->bus) < 0 || sd_bus_set_fd(run->bus, fd, fd) < 0 || sd_bus_start(run->bus) < 0)
                fail("bus", -EIO);
        return peer.pid;
}

static pid_t open_system(Run *run) {
        sd_bus_creds *creds;
        pid_t pid = 0;
        int r;

        run->destination = "org.nsunits1";
        r = sd_bus_open_system(&run->bus);
        if (r >= 0)
                r = sd_bus_get_name_creds(run->bus, run->destination, SD_BUS_CREDS_PID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_pid(creds, &pid);
        if (r < 0)
                fail("system bus", r);
        sd_bus_creds_unref(creds);
        return pid;
}

int main(int argc, char **argv) {
        double begun, processor;
        Run run = {};
        pid_t pid;

        if (argc < 4)
                return 2;
        pid = strcmp(argv[1], "system") == 0 ? open_system(&run) : open_socket(&run, argv[1]);
        run.path = argv[2];
        run.wanted = (unsigned) strtoul(argv[3], NULL, 10);
        run.property = argv[4];

        begun = now();
        processor = processor_time(pid);
        for (unsigned i = 0; i < WINDOW; i++)
                ask(&run);
        while (run.answered < run.wanted) {
                int r = sd_bus_process(run.bus, NULL);

                if (r == 0)
                        r = sd_bus_wait(run.bus, UINT64_MAX);
                if (r < 0)
                        fail("bus", r);
        }
        printf("%s: %.0f a second, %.1f µs of the manager's processor time each\n",
               run.property ? run.property : "GetAll", run.wanted / (now() - begun),
               (processor_time(pid) - processor) * 1e6 / run.wanted);
        sd_bus_close_unref(run.bus);
        return EXIT_SUCCESS;
}
