/* The words of unit-words.h. */
#include "spec/unit-words.h"
#include "basic/macro.h"

ENUM_DEFINE(NetworkDriver, network_driver, NETWORK_DRIVER, NETWORK_DRIVER_LIST)
ENUM_DEFINE(IpamDriver, ipam_driver, IPAM_DRIVER, IPAM_DRIVER_LIST)
ENUM_DEFINE(PullPolicy, pull_policy, PULL, PULL_LIST)
ENUM_DEFINE(ExitPropagation, exit_propagation, EXIT_PROPAGATION, EXIT_PROPAGATION_LIST)
ENUM_DEFINE(KubeDirectory, kube_directory, KUBE_DIRECTORY, KUBE_DIRECTORY_LIST)
