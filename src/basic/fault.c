#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/fault.h"

PRINTF_LIKE(5, 0)
static int set(Fault *f, const char *step, int r, bool told, const char *fmt, va_list ap) {
        if (!f || f->error != 0)
                return r;

        f->error = r;
        f->told = told;
        (void) snprintf(f->step, sizeof(f->step), "%s", step);
        f->object[0] = '\0';
        if (fmt)
                (void) vsnprintf(f->object, sizeof(f->object), fmt, ap);
        return r;
}

int fault_set(Fault *f, const char *step, int r, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        r = set(f, step, r, false, fmt, ap);
        va_end(ap);
        return r;
}

int fault_tell(Fault *f, const char *step, int r, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        r = set(f, step, r, true, fmt, ap);
        va_end(ap);
        return r;
}

void fault_advise(Fault *f, const char *fmt, ...) {
        va_list ap;

        if (!f || f->advice[0] != '\0')
                return;

        va_start(ap, fmt);
        (void) vsnprintf(f->advice, sizeof(f->advice), fmt, ap);
        va_end(ap);
}

char *fault_to_string(const Fault *f) {
        bool advice = f->advice[0] != '\0', object = f->object[0] != '\0';
        char *text;

        if (asprintf(&text, "%s%s%s%s%s%s%s%s", f->step, object ? " " : "", f->object, f->told ? "" : ": ",
                     f->told ? "" : strerror(-f->error), advice ? " (" : "", f->advice,
                     advice ? ")" : "") < 0)
                return NULL;
        return text;
}
