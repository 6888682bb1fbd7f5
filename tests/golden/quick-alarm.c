/* For LD_PRELOAD: to alarm(2) a second is a hundredth of one, so that a test need not wait for half a minute.
 */
#include <unistd.h>

__attribute__((visibility("default"))) unsigned alarm(unsigned seconds) {
        return ualarm(seconds * 10000, 0) / 10000;
}
