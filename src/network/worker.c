/* Netlink by hand, for one message: with a library the process would take longer to start. */
#include "network/worker.h"

#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "spec/worker-verb.h"

static int delete_link(int fd, uint32_t index) {
        const struct {
                struct nlmsghdr header;
                struct ifinfomsg info;
        } request = {
                .header = { .nlmsg_len = sizeof(request),
                            .nlmsg_type = RTM_DELLINK,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
                .info = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index },
        };
        struct {
                struct nlmsghdr header;
                struct nlmsgerr error; /* with our own header in it */
                struct ifinfomsg info;
        } answer;
        ssize_t n;

        if (send(fd, &request, sizeof(request), 0) < 0)
                return -errno;
        n = recv(fd, &answer, sizeof(answer), 0);
        if (n < 0)
                return -errno;
        if ((size_t) n < offsetof(__typeof__(answer), info) || answer.header.nlmsg_type != NLMSG_ERROR)
                return -EBADMSG;
        return answer.error.error == -ENODEV ? 0 : answer.error.error;
}

static int do_delete_links(char **words, Fault *fault) {
        autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        int first = fd < 0 ? fault_set(fault, "netlink", -errno, NULL) : 0;

        for (; fd >= 0 && *words; words++) {
                uint32_t index = 0;
                int r = parse_u32_range(*words, 1, INT_MAX, &index);

                if (r >= 0)
                        r = delete_link(fd, index);
                if (r < 0 && first == 0)
                        first = fault_set(fault, "delete link", r, "number %s", *words);
        }
        return first;
}

int network_worker_main(int argc, char **argv) {
        static const WorkerVerb verbs[] = { { "delete-links", 1, INT_MAX, do_delete_links } };

        return worker_verb_run(verbs, ELEMENTSOF(verbs), argc, argv);
}
