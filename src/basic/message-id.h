/*
 * MESSAGE_ID= of what the manager says and units/nsunits.catalog explains (journalctl -x). A lint holds the
 * two together. An id stays with its meaning for ever: people and programs look for it.
 */
#pragma once

#define MESSAGE_ENDED        "b1c3f0d86b0e4d7c9a6e2f5d40a97e31"
#define MESSAGE_NOT_STARTED  "e903c42c89df46a89d2b2817ad6a28f2"
#define MESSAGE_FAILED       "d61fb348d2994296822b40b28a8cfe50"
#define MESSAGE_DEPENDENCY   "413b90790e6c471e8930207af464592f"
#define MESSAGE_CONDITION    "81dbbd6616ae4a648f0842b1cc687d36"
#define MESSAGE_UNIT_FILE    "e63001efc2824a788691199f896283dd"
#define MESSAGE_MEMORY       "45818412a9a84444a65cbc0e39f6782d"
#define MESSAGE_UNHEALTHY    "d9ee6cd32b484ba787c37a415fbd1860"
#define MESSAGE_LEFT_OVER    "be4fbdf7ed1e4be0b589bbf86ac2affa"
#define MESSAGE_STATE_LOST   "742b3dc7ce1b4b968c6ca92693b3bdc1"
#define MESSAGE_ROLLED_BACK  "82b4980cd54a46a8847940bc61c94b42"
#define MESSAGE_JOB_TIMEOUT  "e88d3d3473a74eacb9ff99b8eb614032"
#define MESSAGE_OLD_IMAGE    "6e13dbd49150401dbc5a6313b54c64d1"
#define MESSAGE_OLD_SETTINGS "52d24ba33baf4fedb6bf1f2e008f2a19"

/* For log_entry(), which takes it among the fields of an entry. */
#define EXPLAINED(id) ((const char *const[]){ "MESSAGE_ID=" id, NULL })
