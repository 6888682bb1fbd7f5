/*
 * nsunitd: the manager's main(). Reads its configuration, takes possession of the system, serves until
 * it is told to go. Its going stops nothing: containers run on and the next manager adopts them.
 */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "basic/log.h"
#include "build-config.h"
#include "bus/bus.h"
#include "config/manager-config.h"
#include "daemon/first-process.h"
#include "manager/emergency.h"
#include "manager/manager.h"
#include "runtime/exe.h"

#define CONFIG_FILE SYSCONFDIR "/nsunits/nsunitd.conf"

/* Where our own program lies, from the time before exe_protect() has hidden it. */
#define PROGRAM_VARIABLE "NSUNITSD_PROGRAM"

typedef struct Options {
        const char *config_file;
        int log_level;
        bool autostart;
} Options;

static void print_help(void) {
        printf("Usage: nsunitd [OPTION...]\n"
               "\n"
               "The manager of nsunits' containers. See nsunitd(8).\n"
               "\n"
               "  -a --autostart    start the units whose [Install] asks for it, once per boot\n"
               "  -c --config=FILE  read FILE instead of " CONFIG_FILE "\n"
               "  -d --debug        log what is done, step by step\n"
               "  -h --help         show this text\n"
               "     --version      show the version\n");
}

/* Returns 1 to go on, 0 when all is said, -EINVAL. */
static int parse_options(int argc, char **argv, Options *ret) {
        static const struct option options[] = {
                { "autostart", no_argument, NULL, 'a' }, { "config", required_argument, NULL, 'c' },
                { "debug", no_argument, NULL, 'd' },     { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },   {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "ac:dh", options, NULL)) >= 0)
                switch (c) {
                case 'a':
                        ret->autostart = true;
                        break;
                case 'c':
                        ret->config_file = optarg;
                        break;
                case 'd':
                        ret->log_level = LOG_DEBUG;
                        break;
                case 'h':
                        print_help();
                        return 0;
                case 'V':
                        puts("nsunitd " VERSION);
                        return 0;
                default:
                        return -EINVAL;
                }

        if (optind < argc) {
                fprintf(stderr, "nsunitd: unexpected argument: %s\n", argv[optind]);
                return -EINVAL;
        }
        return 1;
}

static int load_config(const char *path, ManagerConfig **ret) {
        autoptr(Diag) diag = diag_new();
        autofree char *text = NULL;
        int r;

        if (!diag)
                return -ENOMEM;

        r = manager_config_load(path, diag, ret);
        text = diag_to_string(diag);
        if (text && text[0])
                log_message(r < 0 ? LOG_ERR : LOG_WARNING, NULL, "%s", text);
        return r;
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *si, void *data) {
        (void) manager_reload(data);
        return 0;
}

static int on_halt(sd_event_source *s, const struct signalfd_siginfo *si, void *data) {
        log_notice("to stop all units, and to end");
        return manager_end(data);
}

static int watch_signals(sd_event *event, Manager *manager) {
        sigset_t mask;
        int r;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigaddset(&mask, SIGINT);
        (void) sigaddset(&mask, SIGHUP);
        (void) sigaddset(&mask, FIRST_PROCESS_HALT);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        /* A client that hangs up must not end the manager. */
        (void) signal(SIGPIPE, SIG_IGN);

        r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGHUP, on_hangup, manager);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, FIRST_PROCESS_HALT, on_halt, manager);
        return r;
}

/* Returns MANAGER_EXIT_AGAIN when the program is to be executed anew, EMERGENCY_EXIT_BASE and more when a
 * unit has asked for an exit status, 0, or a negative errno. */
static int serve(const ManagerConfig *config, const char *program, bool autostart) {
        __attribute__((cleanup(sd_event_unrefp))) sd_event *event = NULL;
        autoptr(Manager) manager = NULL;
        autoptr(Bus) bus = NULL;
        Fault fault = {};
        int r;

        r = sd_event_default(&event);
        if (r < 0)
                return fault_set(&fault, "event loop", r, NULL);

        r = manager_new(event, config, &manager);
        if (r >= 0)
                r = watch_signals(event, manager);
        if (r >= 0)
                r = manager_startup(manager, &fault);
        if (r >= 0)
                r = bus_new(event, manager, &fault, &bus);
        if (r < 0) {
                autofree char *text = fault_to_string(&fault);

                log_error("cannot start: %s", fault.error < 0 && text ? text : strerror(-r));
                return r;
        }
        manager_set_program(manager, program);
        r = autostart ? manager_autostart(manager) : 0;
        if (r < 0)
                log_error("cannot start what is to be started at boot: %s", strerror(-r));

        (void) sd_event_set_watchdog(event, true);
        (void) sd_notify(0, "READY=1\nSTATUS=Supervising containers");
        r = bus_run(bus);
        (void) sd_notify(0, r == MANAGER_EXIT_AGAIN ? "RELOADING=1" : "STOPPING=1");
        return r;
}

static void note_program(void) {
        char path[PATH_MAX];
        ssize_t n;

        if (getenv(PROGRAM_VARIABLE))
                return;
        n = readlink("/proc/self/exe", path, sizeof(path) - 1);
        if (n < 0)
                return;
        path[n] = '\0';
        (void) setenv(PROGRAM_VARIABLE, path, true);
}

/* The same process, which keeps its children; all else closes with it, and is found again. What lies there
 * now may be a newer program; one that cannot be executed is not to be the end. */
static int execute_again(const char *program, char **argv) {
        (void) execv(program, argv);
        log_error("cannot execute %s: %m", program);
        (void) execv("/proc/self/exe", argv);
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        Options options = { .config_file = CONFIG_FILE, .log_level = LOG_INFO };
        autoptr(ManagerConfig) config = NULL;
        autofree char *program = NULL;
        int r;

        note_program();
        /* No container may ever get hold of this program's file through /proc/PID/exe. */
        (void) exe_protect(argv);

        r = parse_options(argc, argv, &options);
        if (r <= 0)
                return r < 0 ? 2 : 0;
        if (getpid() == 1) {
                first_process_run();
                options.autostart = true;
        }

        program = strdup(strempty(getenv(PROGRAM_VARIABLE)));
        (void) unsetenv(PROGRAM_VARIABLE);
        if (!program)
                return EXIT_FAILURE;
        log_open("nsunitd", options.log_level);
        (void) umask(0022);
        r = load_config(options.config_file, &config);
        if (r < 0)
                return EXIT_FAILURE;

        r = serve(config, program, options.autostart);
        if (r == MANAGER_EXIT_AGAIN)
                return execute_again(program, argv);
        if (r >= EMERGENCY_EXIT_BASE)
                return r - EMERGENCY_EXIT_BASE;
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
