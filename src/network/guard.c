/*
 * Table inet nsunits-guard, which stands by for the moment between the loss of table inet nsunits and its
 * restoration: see ruleset_add_guard().
 *
 * Nobody but us can take it away, for it is owned by our socket; it goes with the manager, who is the one to
 * restore anything. What cannot be done with it is left undone: it is a precaution.
 */
#include <linux/netfilter/nf_tables.h>

#include "network/driver.h"
#include "network/ruleset.h"

#define GUARD_NAME "nsunits-guard"

static NftBatch *new_batch(void) {
        NftBatch *b = nft_batch_new(GUARD_NAME);

        if (b)
                nft_batch_leave_out_values(b);
        return b;
}

void guard_ensure(Network *n) {
        autoptr(NftBatch) b = NULL;

        /* What nobody else can change needs no guard. */
        if (n->guard || n->settings.own_table)
                return;
        b = new_batch();
        if (!b)
                return;
        nft_batch_add_table(b, NFT_TABLE_F_OWNER);
        ruleset_add_guard(b);
        table_fill_elements(n, b);
        n->guard = nft_batch_commit(b, n->nft) >= 0;
}

void guard_drop(Network *n) {
        autoptr(NftBatch) b = n->guard ? new_batch() : NULL;

        n->guard = false;
        if (!b)
                return;
        nft_batch_del_table(b);
        (void) nft_batch_commit(b, n->nft);
}

/* Takes the batch's result: one that is not what it should be is worse than none. */
static void commit(Network *n, NftBatch *b) {
        if (nft_batch_commit(b, n->nft) < 0)
                guard_drop(n);
}

void guard_enter_network(Network *n, const Net *net, bool add) {
        autoptr(NftBatch) b = n->guard ? new_batch() : NULL;

        if (!b)
                return;
        table_add_network(b, add, net);
        commit(n, b);
}

void guard_exchange(Network *n, const Attachment *from, const Attachment *to) {
        autoptr(NftBatch) b = n->guard ? new_batch() : NULL;

        if (!b)
                return;
        if (from)
                ports_enter(b, false, from);
        if (to)
                ports_enter(b, true, to);
        commit(n, b);
}
