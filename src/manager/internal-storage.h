/* The part of internal.h about files and images: volumes, mounts, what is written into containers, and
 * workers. Comes with that. */
#pragma once

#include "manager/internal.h"

/* report.c */
/* @o as text; taken over, NULL too. */
int manager_dump_json(json_t *o, char **ret);

/* volume.c */
/* free(); NULL when out of memory. */
char *manager_volumes_dir(const Manager *m);
int unit_prepare_volume(Unit *u, const UnitSpec *spec, Fault *fault);
/* 0: nothing is to be mounted. 1: it is on its way, unit_image_came() follows. */
int unit_mount_volume(Unit *u, Fault *fault);
/* What is mounted, or on its way. */
void unit_unmount_volume(Unit *u);
/* What it says of itself: its name, and what of a mount of it. */
int unit_use_volume(Unit *volume, MountSpec *mount);

/* Of a volume in the store, where what it holds is; free(). NULL for any other mount. */
char *unit_volume_path(const Unit *u, const MountSpec *mount);

/* sources.c */
/* May it take long to look at what the container mounts from the host? */
bool unit_sources_may_wait(const Unit *u);
/* 0: it does not. 1: it is being looked at, unit_sources_came() follows. */
int unit_look_at_sources(Unit *u, Fault *fault);
/* Nobody waits for it any more. */
void unit_stop_looking(Unit *u);

/* mount-images.c */
int unit_find_mount_images(Unit *u, Fault *fault);
void unit_drop_mount_images(Unit *u);
/* The layers of each, one per mount of the spec; close with the other. */
int unit_open_mount_layers(const Unit *u, MountLayers **ret, Fault *fault);
void unit_close_mount_layers(const Unit *u, MountLayers *layers);

/* copy.c */
/* What manager_mount_files() has shown. */
void unit_hide_files(const Unit *u);

/* commit.c */
/* A manager that died in a commit has left the container frozen. */
void unit_end_commit(Unit *u);
/* An administrator wants it frozen: the end of a commit does not change that. */
void unit_keep_frozen(const Unit *u);

/* mount-maps.c */
/* One per mount of the spec; NULL when none has a map of its own. Close with the other. */
int unit_make_mount_maps(const Unit *u, MountMap **ret, Fault *fault);
void unit_close_mount_maps(const Unit *u, MountMap *maps);

/* files.c */
typedef struct UnitFiles {
        LaunchFile items[8];
        char *sources[8]; /* owned; of the items */
        size_t n;
} UnitFiles;

int unit_make_files(Unit *u, Fault *fault);
/* The files that a launch binds; @files is empty before, and to be cleared. */
int unit_files_name(const Unit *u, UnitFiles *files);
/* One more: @name in the unit's directory of files. */
int unit_files_add(const Unit *u, const char *name, const char *destination, UnitFiles *files);
void unit_files_clear(UnitFiles *files);

/* pull.c */
void manager_pull_free_all(Manager *m);

/* auto-update.c */
void manager_update_free_all(Manager *m);

/* volume.c */
/* Names of the running containers that use a volume. */
json_t *manager_volume_users(const Manager *m, const char *name);

/* unit-image.c */
/* The id of the image that a unit's file names, if it is in the store; else NULL. Free it. */
char *unit_image_named(Unit *u);
/* Also through NAME.image, and by short names. */
int manager_find_image(Manager *m, const char *text, Image **ret, Fault *fault);
/* 0: the image is there, or none is needed. 1: it is on its way, unit_image_came() follows. */
int unit_fetch_image(Unit *u, Fault *fault);
void unit_forget_image(Unit *u);
/* Of the store, whoever brings it there; free(). */
int unit_image_name(Unit *u, char **ret, Fault *fault);
/* Has a registry another one than it runs from? @reply: WORKER_SAME or WORKER_NEWER. */
int unit_compare_image(Unit *u, ManagerReplyFn reply, void *data, Worker **ret, Fault *fault);
/* Whatever its Pull= says. */
int unit_pull_image(Unit *u, const PullWatch *watch, PullWaiter **ret, Fault *fault);

/* unit-build.c */
/* Begins the build; @watch is told of its end. */
int unit_build_image(Unit *u, const PullWatch *watch, PullWaiter **ret, Fault *fault);
/* It has ended. */
void unit_build_settle(Unit *u);
/* Would a new start be made from the same image as the last one, without asking a registry? */
bool unit_image_stays(Unit *u);

/* worker.c */
#define WORKER_FDS_MAX 4

typedef struct WorkerCall {
        Program program;
        char *const *args;                          /* image/worker.h, storage/worker.h, storage/archiver.h */
        int fd;                                     /* inherited as descriptor 3 when >= 0 */
        const int *more_fds;                        /* then these, as 4, 5, ...; all of them >= 0 */
        size_t n_more_fds;                          /* at most WORKER_FDS_MAX - 1 */
        void (*line)(const char *line, void *data); /* each line that it says; may be NULL */
        ManagerReplyFn reply;                       /* once, at its end; not when it was cancelled */
        void *data;
} WorkerCall;

/* @text in a descriptor, for a worker to read. */
int worker_input(const char *text);
/* @ret, which may be NULL, is good until the reply, which comes later, also when the program is missing. */
int worker_run(Manager *m, const WorkerCall *call, Worker **ret);
void worker_cancel(Worker *w);
/* The reply comes when it has ended, which may take its time. */
void worker_kill(Worker *w);
/* @reply once at its end. @fd: inherited as descriptor 3 when >= 0. */
int worker_start(Manager *m, Program program, char *const *args, int fd, ManagerReplyFn reply, void *data);
