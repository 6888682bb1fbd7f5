#include "spec/image-config.h"
#include "basic/strv.h"

void image_config_free(ImageConfig *c) {
        if (!c)
                return;

        strv_free(c->entrypoint);
        strv_free(c->cmd);
        strv_free(c->env);
        free(c->user);
        free(c->working_dir);
        strv_free(c->volumes);
        strv_free(c->exposed_ports);
        strv_free(c->labels);
        free(c->stop_signal);
        strv_free(c->health.test);
        free(c);
}
