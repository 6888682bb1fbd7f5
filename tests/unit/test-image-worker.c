/* Lines of the worker, written by it and read by the manager. */
#include <sys/wait.h>

#include "image/worker.h"

#include "image-fixture.h"

START_TEST(lines_read) {
        Fault fault = {};
        char *id = NULL;

        ck_assert_int_eq(image_worker_parse("{\"progress\":{\"step\":\"layer\"}}", &id, &fault),
                         WORKER_PROGRESS);
        ck_assert_int_eq(image_worker_parse("{\"done\":true}", &id, &fault), WORKER_DONE);
        ck_assert_ptr_null(id);
        ck_assert_int_eq(
                image_worker_parse(
                        "{\"error\":{\"error\":-28,\"step\":\"s\",\"object\":\"o\",\"advice\":\"a\"}}", &id,
                        &fault),
                WORKER_FAILED);
        ck_assert_int_eq(fault.error, -ENOSPC);
        ck_assert_str_eq(fault.object, "o");
        ck_assert_int_eq(image_worker_parse("{\"id\":\"ab\",\"name\":\"n\"}", &id, &fault), WORKER_DONE);
        ck_assert_str_eq(id, "ab");
        free(id);

        ck_assert_int_eq(image_worker_parse("", &id, &fault), -EBADMSG);
        ck_assert_int_eq(image_worker_parse("{\"error\":{\"error\":28}}", &id, &fault), -EBADMSG);
        ck_assert_int_eq(image_worker_parse("{\"id\":7}", &id, &fault), -EBADMSG);
}
END_TEST

/* Runs the worker; its last line is in @line. */
static int run(char **argv, int argc, char line[4096]) {
        static char all[65536];
        const char *last;
        size_t size = 0;
        ssize_t n;
        int pipes[2], status;
        pid_t pid;

        ck_assert_int_eq(pipe(pipes), 0);
        pid = fork();
        if (pid == 0) {
                (void) dup2(pipes[1], STDOUT_FILENO);
                _exit(image_worker_main(argc, argv));
        }
        (void) close(pipes[1]);
        while ((n = read(pipes[0], all + size, sizeof(all) - 1 - size)) > 0)
                size += (size_t) n;
        (void) close(pipes[0]);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));

        while (size > 0 && all[size - 1] == '\n')
                size--;
        all[size] = '\0';
        last = strrchr(all, '\n');
        last = last ? last + 1 : all;
        ck_assert_uint_lt(strlen(last), 4096);
        (void) strcpy(line, last);
        return WEXITSTATUS(status);
}

START_TEST(verbs) {
        ImageStore *store = fixture_store();
        char input[16], line[4096];
        char *import[] = {
                (char *) "import",   fixture_path, (char *) "web", input, (char *) "--cmd=[\"/a\",\"b\"]",
                (char *) "--env=A=b"
        };
        char *remove[] = { (char *) "remove", fixture_path, (char *) "web", NULL };
        char *missing[] = { (char *) "import", fixture_path, (char *) "web", (char *) "/does/not/exist",
                            NULL };
        char *unknown[] = { (char *) "dance", fixture_path, NULL };
        Fault fault = {};
        Image *image;
        char *id;
        Tar t = {};
        int fd;

        tar_file(&t, "file", "x");
        tar_end(&t);
        fd = bytes_fd(t.data, t.size);
        tar_free(&t);
        (void) snprintf(input, sizeof(input), "fd:%d", fd);

        ck_assert_int_eq(run(import, 6, line), 0);
        ck_assert_int_eq(image_worker_parse(line, &id, &fault), WORKER_DONE);
        ck_assert_int_eq(image_store_resolve(store, "web", &image, NULL), 0);
        ck_assert_str_eq(image->id, id);
        ck_assert_str_eq(image->config->cmd[1], "b");
        ck_assert_str_eq(image->config->env[0], "A=b");
        image_unref(image);
        free(id);

        ck_assert_int_eq(run(remove, 3, line), 0);
        ck_assert_int_eq(image_worker_parse(line, &id, &fault), WORKER_DONE);
        assert_empty(store);
        ck_assert_int_eq(run(missing, 4, line), 1);
        ck_assert_int_eq(image_worker_parse(line, &id, &fault), WORKER_FAILED);
        ck_assert_int_eq(fault.error, -ENOENT);
        ck_assert_int_eq(run(unknown, 2, line), 2);
        (void) close(fd);
        fixture_end(store);
}
END_TEST

TEST_MAIN("image: worker", lines_read, verbs)
