/* nsunits-gate FD PREFIX SERVERS NAME... - see network/gate.h. */
#include <sys/prctl.h>

#include "network/gate.h"

int main(int argc, char **argv) {
        /* It was executed by a descriptor. */
        (void) prctl(PR_SET_NAME, "nsunits-gate");
        return gate_main(argc, argv);
}
